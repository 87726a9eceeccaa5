#include "wasix/devices.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/path_resolve.h"
#include "wasix/process.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr std::string_view kDirectory = "/dev/";

/// Which of the guest's descriptors `/dev/NAME` is.
std::optional<Fd> descriptor_named(std::string_view name) {
    constexpr std::array<std::string_view, 3> kStandard{"stdin", "stdout", "stderr"};
    const auto* standard = std::find(kStandard.begin(), kStandard.end(), name);
    if (standard != kStandard.end()) {
        return static_cast<Fd>(std::distance(kStandard.begin(), standard));
    }
    constexpr std::string_view kNumbered = "fd/";
    std::int32_t number = 0;
    if (!name.starts_with(kNumbered)) {
        return std::nullopt;
    }
    name.remove_prefix(kNumbered.size());
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = error == std::errc() && end == name.data() + name.size();
    return whole ? std::optional(Fd{number}) : std::nullopt;
}

/// Errors: nxio.
Result<Descriptor, Errno> terminal(FileTable& files) {
    for (const Fd fd : {Fd{0}, Fd{1}, Fd{2}}) {
        const auto descriptor = files.get(fd);
        if (descriptor.has_value() && ::isatty(descriptor->file->host_fd()) == 1) {
            return *descriptor;
        }
    }
    return fail(Errno::nxio);
}

}  // namespace

Result<std::optional<Descriptor>, Errno> device_at(Caller& caller, const Location& location) {
    if (location.path.find("dev/") == std::string::npos || !is_root(location.directory)) {
        return std::optional<Descriptor>();
    }
    const std::string path = normalized_path("/", location.path);
    if (!path.starts_with(kDirectory) || location.path.ends_with('/') ||
        open_location(location, O_PATH | O_NOFOLLOW).has_value()) {
        return std::optional<Descriptor>();
    }
    const std::string_view name = std::string_view(path).substr(kDirectory.size());
    if (name == "tty") {
        return std::optional(TRY(terminal(caller.process.files())));
    }
    if (const auto fd = descriptor_named(name)) {
        return std::optional(TRY(caller.process.files().get(*fd)));
    }
    UniqueFd device = caller.process.devices().duplicate(name);
    if (!device) {
        return std::optional<Descriptor>();
    }
    auto file = OpenFile::adopt(std::move(device), caller.process.io());
    if (!file.has_value()) {
        return fail(from_host(file.error()));
    }
    return std::optional(Descriptor::of(std::move(file).value()));
}

}  // namespace wasmax::wasix
