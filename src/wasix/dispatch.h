#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "abi/vm_context.h"
#include "base/result.h"
#include "runtime/thread.h"
#include "wasix/contexts.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"
#include "wasix/trace_params.h"
#include "wasix/traced.h"
#include "wasm/types.h"

namespace wasmax::wasix {

// From a handler to what compiled code calls: `R entry(VmContext*, values...)` in the C convention,
// with the signature that the row's types give. Each row has two, for guests whose addresses are
// i32 and i64 (`Address` is uint32_t or uint64_t); the handler is the same. An entry lifts the
// arguments, checks where results go, calls the handler, stores the results and returns the errno:
// no allocation, no lock, no indirect call.

/// The parameter types of a handler, after its Caller.
template <class Handler>
struct ParamsOf;
template <class R, class... Params>
struct ParamsOf<R(Caller&, Params...)> {
    using type = TypeList<Params...>;
};

template <class Address, class T>
using OutPointer = Address;

template <class Address>
inline constexpr AddressWidth kWidth =
    sizeof(Address) == sizeof(std::uint32_t) ? AddressWidth::bits32 : AddressWidth::bits64;

/// A native entry's wasm parameters and whether it returns an i32.
template <class Address, class Results, class Params>
struct Signature;
template <class Address, class... Results, class... Params>
struct Signature<Address, TypeList<Results...>, TypeList<Params...>> {
    using Wasm = typename Concat<WasmOf<Address, Params...>,
                                 TypeList<OutPointer<Address, Results>...>>::type;
    static constexpr bool kReturns = true;
};
template <class Address, class... Params>
struct Signature<Address, TypeList<ProcessExit>, TypeList<Params...>> {
    using Wasm = WasmOf<Address, Params...>;
    static constexpr bool kReturns = false;
};
template <class Address, class... Params>
struct Signature<Address, TypeList<Nothing>, TypeList<Params...>> {
    using Wasm = WasmOf<Address, Params...>;
    static constexpr bool kReturns = false;
};
template <class Address, class... Params>
struct Signature<Address, TypeList<TidOrErrno>, TypeList<Params...>> {
    using Wasm = WasmOf<Address, Params...>;
    static constexpr bool kReturns = true;
};

template <class Address, class... Params>
struct Signature<Address, TypeList<ContextSwitch>, TypeList<Params...>> {
    using Wasm = WasmOf<Address, Params...>;
    static constexpr bool kReturns = true;
};

/// The wasm type of a row's import.
template <class Address, class Results, class Handler>
wasm::FunctionType function_type() {
    using Shape = Signature<Address, Results, typename ParamsOf<Handler>::type>;
    wasm::FunctionType type{wasm_types(typename Shape::Wasm{}), {}};
    if (Shape::kReturns) {
        type.results.push_back(wasm::ValueType::i32);
    }
    return type;
}

template <auto* Handler, class Params, class Values>
[[gnu::always_inline]] inline auto call_handler(Caller& caller, const Values& values) {
    return [&]<class... Ps, std::size_t... I>(TypeList<Ps...>, std::index_sequence<I...>)
               __attribute__((always_inline)) {
                   return Handler(caller, lift_param<I, Ps...>(values)...);
               }(Params{}, std::make_index_sequence<kCount<Params>>{});
}

/// The common kind: an errno, and results through out pointers, the last values. While nobody
/// watches, tracing costs two loads and a branch here (and a load and a branch around the kernel).
template <SyscallId Id, auto* Handler, class Address, class Results, class Params, class Wasm>
struct Entry;
template <SyscallId Id, auto* Handler, class Address, class... Results, class Params, class... Wasm>
struct Entry<Id, Handler, Address, TypeList<Results...>, Params, TypeList<Wasm...>> {
    static std::uint32_t call(abi::VmContext* context, Wasm... wasm) noexcept {
        const std::uint32_t error = answer(*context, wasm...);
        runtime::attend_to_requests(*context->thread);
        return error;
    }

private:
    static constexpr std::size_t kFirstOut = sizeof...(Wasm) - sizeof...(Results);
    using Values = std::tuple<Wasm...>;

    [[gnu::always_inline]] static std::uint32_t answer(const abi::VmContext& context,
                                                       Wasm... wasm) {
        Caller caller(context, kWidth<Address>);
        if (caller.process.watch() != 0) [[unlikely]] {
            return watched(context, wasm...);
        }
        return run(caller, Values(wasm...));
    }

    [[gnu::always_inline]] static std::uint32_t run(Caller& caller, const Values& values) {
        const auto result = try_run(caller, values);
        return result.has_value() ? 0 : static_cast<std::uint32_t>(result.error());
    }

    /// With a Caller of its own, and all else by value: of a call that nobody watches, arguments
    /// and Caller stay in registers.
    [[gnu::noinline]] static std::uint32_t watched(const abi::VmContext& context, Wasm... wasm) {
        Caller caller(context, kWidth<Address>);
        const Values values(wasm...);
        TracedCall traced(caller, Id);
        if (traced.is_full()) {
            put_params<false>(Params{}, traced.payload(), caller.memory, values);
        }
        const std::uint32_t error = run(caller, values);
        if (error == 0 && traced.is_full()) {
            put_params<true>(Params{}, traced.payload(), caller.memory, values);
            put_results<kFirstOut>(TypeList<Results...>{}, traced.payload(), caller.memory, values);
        }
        traced.end(error);
        return error;
    }

    [[gnu::always_inline]] static Result<void, Errno> try_run(Caller& caller,
                                                              const Values& values) {
        if constexpr (sizeof...(Results) == 0) {
            return call_handler<Handler, Params>(caller, values);
        } else {
            return try_run_for(caller, values, std::index_sequence_for<Results...>{});
        }
    }

    template <std::size_t... I>
    [[gnu::always_inline]] static Result<void, Errno> try_run_for(
        Caller& caller, const Values& values, std::index_sequence<I...> /*results*/) {
        const std::tuple outs(GuestPointer<Results>{std::get<kFirstOut + I>(values)}...);
        // Before the handler has effects that the guest could not learn of. Memories do not shrink:
        // afterwards the results fit.
        if (!(caller.memory.check(std::get<I>(outs)).has_value() && ...)) [[unlikely]] {
            return fail(Errno::memviolation);
        }
        const auto result = TRY((call_handler<Handler, Params>(caller, values)));
        if constexpr (sizeof...(Results) == 1) {
            caller.memory.put(std::get<0>(outs), result);
        } else {
            (caller.memory.put(std::get<I>(outs), std::get<I>(result)), ...);
        }
        return {};
    }
};

/// Calls `body`; a tracer that watches is told of it, with what `error_of` makes of its result.
template <SyscallId Id, class Params, class Values, class Body, class ErrorOf>
auto traced_or_not(Caller& caller, const Values& values, const Body& body,
                   const ErrorOf& error_of) {
    if (caller.process.watch() == 0) [[likely]] {
        return body();
    }
    TracedCall traced(caller, Id);
    if (traced.is_full()) {
        put_params<false>(Params{}, traced.payload(), caller.memory, values);
    }
    const auto result = body();
    traced.end(error_of(result));
    return result;
}

template <SyscallId Id, auto* Handler, class Address, class Params, class... Wasm>
struct Entry<Id, Handler, Address, TypeList<ProcessExit>, Params, TypeList<Wasm...>> {
    static void call(abi::VmContext* context, Wasm... wasm) noexcept {
        const ProcessExit exit = [&] {
            Caller caller(*context, kWidth<Address>);
            const std::tuple values(wasm...);
            return traced_or_not<Id, Params>(
                caller, values, [&] { return call_handler<Handler, Params>(caller, values); },
                [](const ProcessExit& /*exit*/) { return 0U; });
        }();
        runtime::leave(*context->thread, exit.reason());
    }
};

/// The switch itself comes after the call as a tracer sees it: others are made before it returns.
template <SyscallId Id, auto* Handler, class Address, class Params, class... Wasm>
struct Entry<Id, Handler, Address, TypeList<ContextSwitch>, Params, TypeList<Wasm...>> {
    static std::uint32_t call(abi::VmContext* context, Wasm... wasm) noexcept {
        const ContextSwitch next = [&] {
            Caller caller(*context, kWidth<Address>);
            const std::tuple values(wasm...);
            return traced_or_not<Id, Params>(
                caller, values, [&] { return call_handler<Handler, Params>(caller, values); },
                [](const ContextSwitch& result) {
                    return static_cast<std::uint32_t>(result.error);
                });
        }();
        if (next.target != nullptr) {
            Contexts::switch_to(*static_cast<Thread*>(context->thread->host), *next.target);
        }
        runtime::attend_to_requests(*context->thread);
        return static_cast<std::uint32_t>(next.error);
    }
};

template <SyscallId Id, auto* Handler, class Address, class Params, class... Wasm>
struct Entry<Id, Handler, Address, TypeList<Nothing>, Params, TypeList<Wasm...>> {
    static void call(abi::VmContext* context, Wasm... wasm) noexcept {
        {
            Caller caller(*context, kWidth<Address>);
            const std::tuple values(wasm...);
            traced_or_not<Id, Params>(
                caller, values,
                [&] {
                    call_handler<Handler, Params>(caller, values);
                    return Nothing{};
                },
                [](Nothing /*nothing*/) { return 0U; });
        }
        runtime::attend_to_requests(*context->thread);
    }
};

template <SyscallId Id, auto* Handler, class Address, class Params, class... Wasm>
struct Entry<Id, Handler, Address, TypeList<TidOrErrno>, Params, TypeList<Wasm...>> {
    static std::uint32_t call(abi::VmContext* context, Wasm... wasm) noexcept {
        const std::uint32_t answer = [&] {
            Caller caller(*context, kWidth<Address>);
            const std::tuple values(wasm...);
            const auto tid = traced_or_not<Id, Params>(
                caller, values, [&] { return call_handler<Handler, Params>(caller, values); },
                [](const auto& result) {
                    return result.has_value() ? 0U : static_cast<std::uint32_t>(result.error());
                });
            return tid.has_value() ? static_cast<std::uint32_t>(*tid)
                                   : 0U - static_cast<std::uint32_t>(tid.error());
        }();
        runtime::attend_to_requests(*context->thread);
        return answer;
    }
};

/// Entries of rows without a handler: they return the errno of the row's status. One that cannot
/// return ends the guest with the errno as its exit code. wasix: 10.9
template <SyscallId Id, Errno Error, class Address, class Results, class Params, class Wasm>
struct Stub;

/// Tells a tracer of a call that always fails.
template <SyscallId Id, Errno Error, class Address, class Params, class... Wasm>
std::uint32_t fail_traced(abi::VmContext* context, Wasm... wasm) {
    Caller caller(*context, kWidth<Address>);
    return traced_or_not<Id, Params>(
        caller, std::tuple(wasm...), [] { return static_cast<std::uint32_t>(Error); },
        [](std::uint32_t error) { return error; });
}

template <SyscallId Id, Errno Error, class Address, class Results, class Params, class... Wasm>
struct Stub<Id, Error, Address, Results, Params, TypeList<Wasm...>> {
    static std::uint32_t call(abi::VmContext* context, Wasm... wasm) noexcept {
        return fail_traced<Id, Error, Address, Params>(context, wasm...);
    }
};
template <SyscallId Id, Errno Error, class Address, class Params, class... Wasm>
struct Stub<Id, Error, Address, TypeList<ProcessExit>, Params, TypeList<Wasm...>> {
    static void call(abi::VmContext* context, Wasm... wasm) noexcept {
        const std::uint32_t code = fail_traced<Id, Error, Address, Params>(context, wasm...);
        runtime::leave(*context->thread, code);
    }
};
template <SyscallId Id, Errno Error, class Address, class Params, class... Wasm>
struct Stub<Id, Error, Address, TypeList<TidOrErrno>, Params, TypeList<Wasm...>> {
    static std::uint32_t call(abi::VmContext* context, Wasm... wasm) noexcept {
        return 0U - fail_traced<Id, Error, Address, Params>(context, wasm...);
    }
};

template <class Address, class Results, class Handler>
using WasmOfRow = typename Signature<Address, Results, typename ParamsOf<Handler>::type>::Wasm;

template <SyscallId Id, Errno Error, class Address, class Results, class Handler>
using StubOf = Stub<Id, Error, Address, Results, typename ParamsOf<Handler>::type,
                    WasmOfRow<Address, Results, Handler>>;

template <SyscallId Id, auto* Handler, class Address, class Results>
using EntryOf = Entry<Id, Handler, Address, Results,
                      typename ParamsOf<std::remove_pointer_t<decltype(Handler)>>::type,
                      WasmOfRow<Address, Results, std::remove_pointer_t<decltype(Handler)>>>;

}  // namespace wasmax::wasix
