#include "io/direct.h"

#include <csignal>
#include <cstddef>
#include <variant>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"
#include "io/perform.h"

namespace wasmax::io {

DirectBackend::DirectBackend() : Backend(Way::straight) { std::signal(SIGPIPE, SIG_IGN); }

Result<std::size_t, HostErrno> DirectBackend::attempt(const Operation& operation) {
    return std::visit([](const auto& chosen) { return perform(chosen); }, operation);
}

}  // namespace wasmax::io
