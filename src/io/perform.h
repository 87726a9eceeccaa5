#pragma once

#include <cstddef>

#include "base/result.h"
#include "io/operation.h"

namespace wasmax::io {

/// A value of errno(3), never 0.
enum class HostErrno : int {};

// Each operation as one kernel call, made at once by the calling thread; nothing is allocated. What
// the result counts is said beside each operation. Errors: what the kernel answers, EINTR included.

[[nodiscard]] Result<std::size_t, HostErrno> perform(const Read& read);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Write& write);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Accept& accept);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Connect& connect);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Receive& receive);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Send& send);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const SendFile& file);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Shutdown& shutdown);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Poll& poll);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Sync& sync);
[[nodiscard]] Result<std::size_t, HostErrno> perform(const Close& close);

}  // namespace wasmax::io
