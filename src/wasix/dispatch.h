#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "abi/vm_context.h"
#include "base/result.h"
#include "runtime/thread.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"
#include "wasm/types.h"

namespace wasmax::wasix {

// From a handler to what compiled code calls: `R entry(VmContext*, values...)` in the C convention,
// with the signature that the row's types give. An entry lifts the arguments, checks where results
// go, calls the handler, stores the results and returns the errno: no allocation, no lock, no
// indirect call.

/// The parameter types of a handler, after its Caller.
template <class Handler>
struct ParamsOf;
template <class R, class... Params>
struct ParamsOf<R(Caller&, Params...)> {
    using type = TypeList<Params...>;
};

template <class T>
using OutPointer = std::uint32_t;

/// A native entry's wasm parameters and whether it returns an i32.
template <class Results, class Params>
struct Signature;
template <class... Results, class... Params>
struct Signature<TypeList<Results...>, TypeList<Params...>> {
    using Wasm = typename Concat<WasmOf<Params...>, TypeList<OutPointer<Results>...>>::type;
    static constexpr bool kReturns = true;
};
template <class... Params>
struct Signature<TypeList<ProcessExit>, TypeList<Params...>> {
    using Wasm = WasmOf<Params...>;
    static constexpr bool kReturns = false;
};
template <class... Params>
struct Signature<TypeList<Nothing>, TypeList<Params...>> {
    using Wasm = WasmOf<Params...>;
    static constexpr bool kReturns = false;
};
template <class... Params>
struct Signature<TypeList<TidOrErrno>, TypeList<Params...>> {
    using Wasm = WasmOf<Params...>;
    static constexpr bool kReturns = true;
};

/// The wasm type of a row's import.
template <class Results, class Handler>
wasm::FunctionType function_type() {
    using Shape = Signature<Results, typename ParamsOf<Handler>::type>;
    wasm::FunctionType type{wasm_types(typename Shape::Wasm{}), {}};
    if (Shape::kReturns) {
        type.results.push_back(wasm::ValueType::i32);
    }
    return type;
}

template <auto* Handler, class Params, class Values>
auto call_handler(Caller& caller, const Values& values) {
    return [&]<class... Ps, std::size_t... I>(TypeList<Ps...>, std::index_sequence<I...>) {
        return Handler(caller, lift_param<I, Ps...>(values)...);
    }(Params{}, std::make_index_sequence<kCount<Params>>{});
}

/// The common kind: an errno, and results through out pointers, the last values.
template <auto* Handler, class Results, class Params, class Wasm>
struct Entry;
template <auto* Handler, class... Results, class Params, class... Wasm>
struct Entry<Handler, TypeList<Results...>, Params, TypeList<Wasm...>> {
    static std::uint32_t call(abi::VmContext* context, Wasm... wasm) noexcept {
        const std::uint32_t error = [&] {
            Caller caller(*context);
            const auto result = run(caller, std::tuple(wasm...));
            return result.has_value() ? 0 : static_cast<std::uint32_t>(result.error());
        }();
        runtime::attend_to_requests(*context->thread);
        return error;
    }

private:
    static constexpr std::size_t kFirstOut = sizeof...(Wasm) - sizeof...(Results);

    static Result<void, Errno> run(Caller& caller, const std::tuple<Wasm...>& values) {
        if constexpr (sizeof...(Results) == 0) {
            return call_handler<Handler, Params>(caller, values);
        } else {
            return [&]<std::size_t... I>(std::index_sequence<I...>) -> Result<void, Errno> {
                const std::tuple outs(GuestPointer<Results>{std::get<kFirstOut + I>(values)}...);
                // Before the handler has effects that the guest could not learn of.
                if (!(caller.memory.check(std::get<I>(outs)).has_value() && ...)) [[unlikely]] {
                    return fail(Errno::memviolation);
                }
                const auto result = TRY((call_handler<Handler, Params>(caller, values)));
                if constexpr (sizeof...(Results) == 1) {
                    return caller.memory.store(std::get<0>(outs), result);
                } else {
                    const bool stored =
                        (caller.memory.store(std::get<I>(outs), std::get<I>(result)).has_value() &&
                         ...);
                    WASMAX_ASSERT(stored);  // memories do not shrink
                    return {};
                }
            }(std::index_sequence_for<Results...>{});
        }
    }
};

template <auto* Handler, class Params, class... Wasm>
struct Entry<Handler, TypeList<ProcessExit>, Params, TypeList<Wasm...>> {
    static void call(abi::VmContext* context, Wasm... wasm) noexcept {
        const ProcessExit exit = [&] {
            Caller caller(*context);
            return call_handler<Handler, Params>(caller, std::tuple(wasm...));
        }();
        runtime::leave(*context->thread, exit.code);
    }
};

template <auto* Handler, class Params, class... Wasm>
struct Entry<Handler, TypeList<Nothing>, Params, TypeList<Wasm...>> {
    static void call(abi::VmContext* context, Wasm... wasm) noexcept {
        {
            Caller caller(*context);
            call_handler<Handler, Params>(caller, std::tuple(wasm...));
        }
        runtime::attend_to_requests(*context->thread);
    }
};

/// Entries of rows without a handler: they return the errno of the row's status. One that cannot
/// return ends the guest with the errno as its exit code. wasix: 10.9
template <Errno Error, class Results>
struct Stub {
    static std::uint32_t call(abi::VmContext* /*context*/) noexcept {
        return static_cast<std::uint32_t>(Error);
    }
};
template <Errno Error>
struct Stub<Error, TypeList<ProcessExit>> {
    static void call(abi::VmContext* context) noexcept {
        runtime::leave(*context->thread, static_cast<std::uint64_t>(Error));
    }
};
template <Errno Error>
struct Stub<Error, TypeList<TidOrErrno>> {
    static std::uint32_t call(abi::VmContext* /*context*/) noexcept {
        return 0U - static_cast<std::uint32_t>(Error);
    }
};

template <auto* Handler, class Results>
using EntryOf =
    Entry<Handler, Results, typename ParamsOf<std::remove_pointer_t<decltype(Handler)>>::type,
          typename Signature<
              Results, typename ParamsOf<std::remove_pointer_t<decltype(Handler)>>::type>::Wasm>;

}  // namespace wasmax::wasix
