#pragma once

#include <array>
#include <string_view>

#include "base/unique_fd.h"

namespace wasmax::wasix {

/// The devices without which few programs can do: a guest that has a root directory has them below
/// `/dev`, unless that directory of the host has files of these names itself. They reach nothing of
/// the host. Opened before the process is confined. Threads: any.
class HostDevices {
public:
    HostDevices() = default;
    /// Those that this host has.
    [[nodiscard]] static HostDevices open();
    /// A descriptor of its own for `/dev/NAME`, for reading and writing; empty if there is no such
    /// device, or none of the host's descriptors is left.
    [[nodiscard]] UniqueFd duplicate(std::string_view name) const;

private:
    static constexpr std::array<std::string_view, 5> kNames{"null", "zero", "full", "random",
                                                            "urandom"};
    std::array<UniqueFd, kNames.size()> fds_;
};

}  // namespace wasmax::wasix
