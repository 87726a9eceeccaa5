#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasm/types.h"

namespace wasmax::wasix {

template <class... Ts>
struct TypeList {};

/// A buffer whose length is an i32 whatever the width of addresses. wasix: params64
struct GuestBuffer : GuestSpan<std::byte> {};

/// How a parameter type of a row crosses from wasm: `Wasm` are the values it takes (uint32_t is an
/// i32, uint64_t an i64) when addresses are such numbers, and lift() makes the parameter from them.
/// The guest controls every bit: a narrower type takes the low ones. wasix: 6.1
template <class T>
struct ParamTraits;

template <class T>
    requires(std::integral<T> && sizeof(T) <= 4)
struct ParamTraits<T> {
    template <class Address>
    using Wasm = TypeList<std::uint32_t>;
    static constexpr T lift(std::uint32_t value) { return static_cast<T>(value); }
};

template <class T>
    requires(std::integral<T> && sizeof(T) == 8)
struct ParamTraits<T> {
    template <class Address>
    using Wasm = TypeList<std::uint64_t>;
    static constexpr T lift(std::uint64_t value) { return static_cast<T>(value); }
};

template <class T>
    requires(std::is_enum_v<T> && !std::same_as<T, GuestAddress>)
struct ParamTraits<T> {
    template <class Address>
    using Wasm = typename ParamTraits<std::underlying_type_t<T>>::template Wasm<Address>;
    static constexpr T lift(std::uint32_t value) { return static_cast<T>(value); }
};

template <class Bit, class Word>
struct ParamTraits<Flags<Bit, Word>> {
    template <class Address>
    using Wasm = typename ParamTraits<Word>::template Wasm<Address>;
    static constexpr Flags<Bit, Word> lift(auto value) {
        return Flags<Bit, Word>(static_cast<Word>(value));
    }
};

template <class T>
struct ParamTraits<GuestPointer<T>> {
    template <class Address>
    using Wasm = TypeList<Address>;
    static constexpr GuestPointer<T> lift(std::uint64_t address) { return {address}; }
};

template <class T>
struct ParamTraits<GuestSpan<T>> {
    template <class Address>
    using Wasm = TypeList<Address, Address>;
    static constexpr GuestSpan<T> lift(std::uint64_t address, std::uint64_t count) {
        return {address, count};
    }
};

template <>
struct ParamTraits<GuestBuffer> {
    template <class Address>
    using Wasm = TypeList<Address, std::uint32_t>;
    static constexpr GuestBuffer lift(std::uint64_t address, std::uint32_t bytes) {
        return {{address, bytes}};
    }
};

template <>
struct ParamTraits<GuestString> {
    template <class Address>
    using Wasm = TypeList<Address, Address>;
    static constexpr GuestString lift(std::uint64_t address, std::uint64_t bytes) {
        return {address, bytes};
    }
};

template <>
struct ParamTraits<GuestAddress> {
    template <class Address>
    using Wasm = TypeList<Address>;
    static constexpr GuestAddress lift(std::uint64_t address) { return GuestAddress{address}; }
};

template <class... Lists>
struct Concat {
    using type = TypeList<>;
};
template <class... Ts>
struct Concat<TypeList<Ts...>> {
    using type = TypeList<Ts...>;
};
template <class... As, class... Bs, class... Lists>
struct Concat<TypeList<As...>, TypeList<Bs...>, Lists...>
    : Concat<TypeList<As..., Bs...>, Lists...> {};

template <class List>
inline constexpr std::size_t kCount = 0;
template <class... Ts>
inline constexpr std::size_t kCount<TypeList<Ts...>> = sizeof...(Ts);

/// The wasm values that parameters of these types take, in order.
template <class Address, class... Params>
using WasmOf = typename Concat<typename ParamTraits<Params>::template Wasm<Address>...>::type;

/// How many values a parameter of this type takes.
template <class Param>
inline constexpr std::size_t kValues =
    kCount<typename ParamTraits<Param>::template Wasm<std::uint32_t>>;

/// Parameter number I of `Params...`, from the wasm values of all of them.
template <std::size_t I, class... Params, class Values>
constexpr auto lift_param(const Values& values) {
    using Param = std::tuple_element_t<I, std::tuple<Params...>>;
    constexpr std::size_t kFirst = []<std::size_t... Before>(std::index_sequence<Before...>) {
        return (std::size_t{0} + ... +
                kValues<std::tuple_element_t<Before, std::tuple<Params...>>>);
    }(std::make_index_sequence<I>{});
    return [&]<std::size_t... Value>(std::index_sequence<Value...>) {
        return ParamTraits<Param>::lift(std::get<kFirst + Value>(values)...);
    }(std::make_index_sequence<kValues<Param>>{});
}

/// The wasm types of a list of uint32_t and uint64_t.
template <class... Ts>
std::vector<wasm::ValueType> wasm_types(TypeList<Ts...> /*list*/) {
    return {(sizeof(Ts) == 4 ? wasm::ValueType::i32 : wasm::ValueType::i64)...};
}

}  // namespace wasmax::wasix
