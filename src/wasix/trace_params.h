#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace/payload.h"
#include "trace/schema.h"
#include "wasix/address.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"

namespace wasmax::wasix {

// How the tracer shows what crosses the boundary: from the same parameter types that lower it.
// Records keep the low 32 bits of addresses and counts.

/// `nonblock` for Fdflag::nonblock, and nothing for a value that is no enumerator.
template <auto Value>
constexpr std::string_view enumerator_name() {
    std::string_view text = __PRETTY_FUNCTION__;  // ... [Value = wasmax::wasix::Fdflag::nonblock]
    text.remove_suffix(1);
    text.remove_prefix(text.rfind(' ') + 1);
    if (text.find('(') != std::string_view::npos || text.find("::") == std::string_view::npos) {
        return {};
    }
    text.remove_prefix(text.rfind(':') + 1);
    return text.ends_with('_') ? text.substr(0, text.size() - 1) : text;
}

using ValueNames = std::vector<std::pair<std::uint64_t, std::string>>;

/// The names of an enum's values, of which the table sees the first 32.
template <class Enum>
ValueNames enum_names() {
    ValueNames names;
    [&]<std::size_t... Value>(std::index_sequence<Value...>) {
        const std::array<std::string_view, sizeof...(Value)> texts{
            enumerator_name<static_cast<Enum>(Value)>()...};
        for (std::size_t value = 0; value < texts.size(); ++value) {
            if (!texts[value].empty()) {
                names.emplace_back(value, texts[value]);
            }
        }
    }(std::make_index_sequence<32>{});
    return names;
}

/// The names of single flags.
template <class Bit, class Word>
ValueNames flag_names() {
    ValueNames names;
    [&]<std::size_t... Index>(std::index_sequence<Index...>) {
        const std::array<std::string_view, sizeof...(Index)> texts{
            enumerator_name<static_cast<Bit>(Word{1} << Index)>()...};
        for (std::size_t index = 0; index < texts.size(); ++index) {
            if (!texts[index].empty()) {
                names.emplace_back(std::uint64_t{1} << index, texts[index]);
            }
        }
    }(std::make_index_sequence<sizeof(Word) * 8>{});
    return names;
}

/// How a type is kept in a record: its kind, the names of its values, and put().
template <class T>
struct TraceTraits;

template <class T>
    requires std::integral<T>
struct TraceTraits<T> {
    using Kept = std::conditional_t<(sizeof(T) < 2), std::uint16_t, T>;
    static constexpr trace::FieldKind kKind = sizeof(T) <= 2        ? trace::FieldKind::number16
                                              : sizeof(T) == 4      ? trace::FieldKind::number32
                                              : std::is_signed_v<T> ? trace::FieldKind::signed64
                                                                    : trace::FieldKind::number64;
    static ValueNames names() { return {}; }
    static void put(trace::Payload& payload, T value) { payload.put(static_cast<Kept>(value)); }
};

template <class T>
    requires(std::is_enum_v<T> && !std::same_as<T, GuestAddress>)
struct TraceTraits<T> {
    using Kept = std::conditional_t<(sizeof(T) <= 2), std::uint16_t, std::uint32_t>;
    static constexpr trace::FieldKind kKind =
        sizeof(T) <= 2 ? trace::FieldKind::enum16 : trace::FieldKind::enum32;
    static ValueNames names() { return enum_names<T>(); }
    static void put(trace::Payload& payload, T value) { payload.put(static_cast<Kept>(value)); }
};

template <>
struct TraceTraits<GuestAddress> {
    static constexpr trace::FieldKind kKind = trace::FieldKind::address;
    static ValueNames names() { return {}; }
    static void put(trace::Payload& payload, GuestAddress address) {
        payload.put(static_cast<std::uint32_t>(address));
    }
};

template <>
struct TraceTraits<Fd> {
    static constexpr trace::FieldKind kKind = trace::FieldKind::fd;
    static ValueNames names() { return {}; }
    static void put(trace::Payload& payload, Fd fd) { payload.put(static_cast<std::uint32_t>(fd)); }
};

template <class Bit, class Word>
struct TraceTraits<Flags<Bit, Word>> {
    using Kept = std::conditional_t<(sizeof(Word) < 2), std::uint16_t, Word>;
    static constexpr trace::FieldKind kKind = sizeof(Word) <= 2   ? trace::FieldKind::flags16
                                              : sizeof(Word) == 4 ? trace::FieldKind::flags32
                                                                  : trace::FieldKind::flags64;
    static ValueNames names() { return flag_names<Bit, Word>(); }
    static void put(trace::Payload& payload, Flags<Bit, Word> flags) {
        payload.put(static_cast<Kept>(flags.bits()));
    }
};

template <class T>
struct TraceTraits<GuestPointer<T>> {
    static constexpr trace::FieldKind kKind = trace::FieldKind::address;
    static ValueNames names() { return {}; }
    static void put(trace::Payload& payload, GuestPointer<T> pointer) {
        payload.put(static_cast<std::uint32_t>(pointer.address));
    }
};

template <class T>
struct TraceTraits<GuestSpan<T>> {
    static constexpr trace::FieldKind kKind = trace::FieldKind::span;
    static ValueNames names() { return {}; }
    static void put(trace::Payload& payload, GuestSpan<T> span) {
        payload.put(static_cast<std::uint32_t>(span.address));
        payload.put(static_cast<std::uint32_t>(span.count));
    }
};

template <>
struct TraceTraits<GuestBuffer> : TraceTraits<GuestSpan<std::byte>> {};

template <class T>
inline constexpr bool kIsFlags = false;
template <class Bit, class Word>
inline constexpr bool kIsFlags<Flags<Bit, Word>> = true;

/// A parameter as one field of a record: the value itself, what a string or an address points to,
/// or, for a result that the handler stores itself, what it stored.
template <class T>
struct TraceParam {
    static constexpr bool kOut = false;
    static trace::Field field(std::string name) {
        return {std::move(name), TraceTraits<T>::kKind, false, TraceTraits<T>::names()};
    }
    static void put(trace::Payload& payload, const GuestMemory& /*memory*/, T value) {
        TraceTraits<T>::put(payload, value);
    }
};

template <>
struct TraceParam<GuestString> {
    static constexpr bool kOut = false;
    static trace::Field field(std::string name) {
        return {std::move(name), trace::FieldKind::string, false, {}};
    }
    static void put(trace::Payload& payload, const GuestMemory& memory, GuestString string) {
        const auto text = memory.text(string);
        payload.put_string(text.has_value() ? *text : std::string_view("(outside the memory)"));
    }
};

template <class T>
    requires std::same_as<std::remove_const_t<T>, AddressPort>
struct TraceParam<GuestPointer<T>> {
    static constexpr bool kOut = !std::is_const_v<T>;
    static trace::Field field(std::string name) {
        return {std::move(name), trace::FieldKind::socket_address, kOut, {}};
    }
    static void put(trace::Payload& payload, const GuestMemory& memory, GuestPointer<T> pointer) {
        const RawAddress raw = load_raw_address(memory, pointer.address);
        payload.put_address(raw.tag, raw.port, ByteView(raw.bytes).first(raw.count));
    }
};

template <class T>
    requires((std::is_enum_v<T> && !std::same_as<T, GuestAddress>) || kIsFlags<T>)
struct TraceParam<GuestPointer<T>> {
    static constexpr bool kOut = true;
    static trace::Field field(std::string name) {
        return {std::move(name), TraceTraits<T>::kKind, true, TraceTraits<T>::names()};
    }
    static void put(trace::Payload& payload, const GuestMemory& memory, GuestPointer<T> pointer) {
        const auto value = memory.load(pointer);
        TraceTraits<T>::put(payload, value.has_value() ? *value : T{});
    }
};

/// Results that a record keeps: numbers, not structs.
template <class T>
concept TracedResult = std::integral<T> || std::is_enum_v<T> || kIsFlags<T>;

/// Adds the parameters that go in, or those that come out.
template <bool Out, class... Params, class Values>
void put_params(TypeList<Params...> /*list*/, trace::Payload& payload, const GuestMemory& memory,
                const Values& values) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto put = [&]<std::size_t Index, class Param>() {
            if constexpr (TraceParam<Param>::kOut == Out) {
                TraceParam<Param>::put(payload, memory, lift_param<Index, Params...>(values));
            }
        };
        (put.template operator()<I, Params>(), ...);
    }(std::index_sequence_for<Params...>{});
}

/// Adds the results, which the call stored where its last values, from number First on, point.
template <std::size_t First, class... Results, class Values>
void put_results(TypeList<Results...> /*list*/, trace::Payload& payload, const GuestMemory& memory,
                 const Values& values) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto put = [&]<std::size_t Index, class Value>() {
            if constexpr (TracedResult<Value>) {
                const auto value =
                    memory.load(GuestPointer<Value>{std::get<First + Index>(values)});
                TraceTraits<Value>::put(payload, value.has_value() ? *value : Value{});
            }
        };
        (put.template operator()<I, Results>(), ...);
    }(std::index_sequence_for<Results...>{});
}

/// The fields of a row, in the order of put_params<false>, put_params<true>, put_results. `names`
/// are those of the parameters.
template <class... Params, class... Results>
std::vector<trace::Field> trace_fields(TypeList<Params...> /*params*/,
                                       TypeList<Results...> /*results*/,
                                       const std::vector<std::string>& names) {
    std::vector<trace::Field> fields;
    for (const bool out : {false, true}) {
        std::size_t index = 0;
        const auto add = [&]<class Param>() {
            if (TraceParam<Param>::kOut == out) {
                fields.push_back(TraceParam<Param>::field(names.at(index)));
            }
            ++index;
        };
        (add.template operator()<Params>(), ...);
    }
    const auto add_result = [&]<class Value>() {
        if constexpr (TracedResult<Value>) {
            fields.push_back(
                {"result", TraceTraits<Value>::kKind, true, TraceTraits<Value>::names()});
        }
    };
    (add_result.template operator()<Results>(), ...);
    return fields;
}

}  // namespace wasmax::wasix
