#pragma once

#include <cstddef>
#include <cstdint>
#include <tuple>

#include "base/result.h"
#include "wasix/contexts.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// Each row's number, in the order of syscalls.def; not stable between builds.
enum class SyscallId : std::uint16_t {
#define SYSCALL(module, name, results, parameters, wait, status) module##_##name,
#include "wasix/syscalls.def"
};

inline constexpr std::size_t kSyscallCount = 0
#define SYSCALL(module, name, results, parameters, wait, status) +1
#include "wasix/syscalls.def"
    ;

// Results of rows that do not return an errno.
struct Nothing {};
struct TidOrErrno {};

/// What a handler returns for the results of its row.
template <class... Results>
struct HandlerResult {
    using type = Result<std::tuple<Results...>, Errno>;
};
template <>
struct HandlerResult<> {
    using type = Result<void, Errno>;
};
template <class T>
struct HandlerResult<T> {
    using type = Result<T, Errno>;
};
template <>
struct HandlerResult<ProcessExit> {
    using type = ProcessExit;
};
template <>
struct HandlerResult<ContextSwitch> {
    using type = ContextSwitch;
};
template <>
struct HandlerResult<Nothing> {
    using type = void;
};
template <>
struct HandlerResult<TidOrErrno> {
    using type = Result<Tid, Errno>;
};

struct GuestBuffer;  // params.h

// Guest types of which only stubs know.
struct JoinStatus;
struct OptionPid;
struct ProcessHandles;
struct Reflection;
struct Route;
struct SpawnFdOp;
struct ThreadStart;

// The handlers, in a namespace per import module. A handler may be called on any guest thread; its
// GuestMemory is that of the calling instance. Rows that are stubs have no definition.
#define WASIX_RESULT(...) HandlerResult<__VA_ARGS__>::type
#define WASIX_PARAMETERS(...) (Caller & caller __VA_OPT__(, ) __VA_ARGS__)
#define SYSCALL(module, name, results, parameters, wait, status) \
    namespace module {                                           \
    WASIX_RESULT results name WASIX_PARAMETERS parameters;       \
    }
#include "wasix/syscalls.def"
#undef WASIX_RESULT
#undef WASIX_PARAMETERS

}  // namespace wasmax::wasix
