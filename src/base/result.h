#pragma once

#include <type_traits>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace wasmax {

/// An error on its way into a Result. Made by fail().
template <class E>
struct Failure {
    E error;
};

/// `return fail(Errno::badf);` converts to any Result with that error type.
template <class E>
[[nodiscard]] constexpr Failure<std::decay_t<E>> fail(E&& error) {
    return {std::forward<E>(error)};
}

/// Either a value or an error; a dropped one is a compile error, a wrong access aborts.
/// Member names are those of std::expected. Trivially copyable when T and E are, so that a
/// Result<uint32_t, Errno> is returned in one register. (docs/decisions/0001-result.md)
template <class T, class E>
class [[nodiscard]] Result {
public:
    using value_type = T;
    using error_type = E;

    // NOLINTNEXTLINE(google-explicit-constructor): `return value;` is the point.
    constexpr Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    template <class F>
        requires std::is_convertible_v<F, E>
    // NOLINTNEXTLINE(google-explicit-constructor): `return fail(error);` is the point.
    constexpr Result(Failure<F> failure)
        : state_(std::in_place_index<1>, std::move(failure.error)) {}

    [[nodiscard]] constexpr bool has_value() const { return state_.index() == 0; }
    constexpr explicit operator bool() const { return has_value(); }

    [[nodiscard]] constexpr T& value() & {
        WASMAX_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] constexpr const T& value() const& {
        WASMAX_ASSERT(has_value());
        return *std::get_if<0>(&state_);
    }
    [[nodiscard]] constexpr T&& value() && { return std::move(value()); }
    [[nodiscard]] constexpr E& error() & {
        WASMAX_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] constexpr const E& error() const& {
        WASMAX_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] constexpr E&& error() && { return std::move(error()); }

    constexpr T& operator*() & { return value(); }
    constexpr const T& operator*() const& { return value(); }
    constexpr T&& operator*() && { return std::move(*this).value(); }
    constexpr T* operator->() { return &value(); }
    constexpr const T* operator->() const { return &value(); }

private:
    std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
public:
    using value_type = void;
    using error_type = E;

    constexpr Result() = default;
    template <class F>
        requires std::is_convertible_v<F, E>
    // NOLINTNEXTLINE(google-explicit-constructor): `return fail(error);` is the point.
    constexpr Result(Failure<F> failure)
        : state_(std::in_place_index<1>, std::move(failure.error)) {}

    [[nodiscard]] constexpr bool has_value() const { return state_.index() == 0; }
    constexpr explicit operator bool() const { return has_value(); }
    constexpr void value() const { WASMAX_ASSERT(has_value()); }
    [[nodiscard]] constexpr const E& error() const& {
        WASMAX_ASSERT(!has_value());
        return *std::get_if<1>(&state_);
    }
    [[nodiscard]] constexpr E&& error() && {
        WASMAX_ASSERT(!has_value());
        return std::move(*std::get_if<1>(&state_));
    }

private:
    std::variant<std::monostate, E> state_;
};

}  // namespace wasmax

/// The value of `expression`, or return its error from the enclosing function.
#define TRY(expression)                                            \
    ({                                                             \
        auto try_result_ = (expression);                           \
        if (!try_result_.has_value()) [[unlikely]] {               \
            return ::wasmax::fail(std::move(try_result_).error()); \
        }                                                          \
        std::move(try_result_).value();                            \
    })
