#pragma once

#include "wasix/thread.h"

namespace wasmax::wasix {

/// Whether the calling module knows plain WASI only: it imports nothing of WASIX's, whose libc
/// needs some calls of preview1 to do other things than WASI says. Looks through the module's
/// imports: for calls and cases that are rare. wasix: 1.2
[[nodiscard]] bool is_plain_wasi(const Caller& caller);

}  // namespace wasmax::wasix
