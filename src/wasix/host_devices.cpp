#include "wasix/host_devices.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace wasmax::wasix {

HostDevices HostDevices::open() {
    HostDevices devices;
    for (std::size_t index = 0; index < kNames.size(); ++index) {
        const std::string path = "/dev/" + std::string(kNames[index]);
        devices.fds_[index] = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
    }
    return devices;
}

UniqueFd HostDevices::duplicate(std::string_view name) const {
    const auto* found = std::find(kNames.begin(), kNames.end(), name);
    if (found == kNames.end()) {
        return UniqueFd();
    }
    const UniqueFd& fd = fds_[static_cast<std::size_t>(std::distance(kNames.begin(), found))];
    return fd ? UniqueFd(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0)) : UniqueFd();
}

}  // namespace wasmax::wasix
