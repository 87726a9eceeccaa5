#pragma once

namespace wasmax {

/// Prints `file:line: condition` to stderr and aborts. Never allocates. Threads: any.
[[noreturn, gnu::cold]] void assertion_failed(const char* condition, const char* file,
                                              int line) noexcept;

}  // namespace wasmax

/// Our own invariants, in every build. Never for anything a guest, a file or a user can cause.
#define WASMAX_ASSERT(condition)        \
    ((condition) ? static_cast<void>(0) \
                 : ::wasmax::assertion_failed(#condition, __FILE__, __LINE__))
