#pragma once

#include <fcntl.h>

#include <concepts>
#include <cstddef>
#include <variant>

#include "base/result.h"
#include "io/backend.h"
#include "io/direct.h"
#include "io/operation.h"

namespace wasmax::wasix {

/// Never waits: what would is `EAGAIN`, or no event. For guests that ask for anything.
class ImpatientBackend final : public io::Backend {
private:
    Result<std::size_t, io::HostErrno> attempt(const io::Operation& operation) override {
        return std::visit(
            [this]<class Kind>(const Kind& chosen) -> Result<std::size_t, io::HostErrno> {
                if constexpr (std::same_as<Kind, io::Poll>) {
                    return direct_.run(io::Poll{chosen.entries, io::kImmediately});
                } else if constexpr (std::same_as<Kind, io::Close>) {
                    return direct_.run(chosen);
                } else {
                    const int flags = ::fcntl(chosen.fd, F_GETFL);
                    ::fcntl(chosen.fd, F_SETFL, flags | O_NONBLOCK);
                    const auto result = direct_.run(chosen);
                    ::fcntl(chosen.fd, F_SETFL, flags);
                    return result;
                }
            },
            operation);
    }

    io::DirectBackend direct_;
};

}  // namespace wasmax::wasix
