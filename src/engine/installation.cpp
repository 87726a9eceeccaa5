#include "engine/installation.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::engine {

Result<std::string, Error> library_path(std::string_view file) {
    std::array<char, PATH_MAX> buffer{};
    const ssize_t length = ::readlink("/proc/self/exe", buffer.data(), buffer.size());
    if (length < 0) {
        return fail(Error::from_errno(errno, "finding the wasmax executable"));
    }
    const std::string_view self(buffer.data(), static_cast<std::size_t>(length));
    const std::string directory(self.substr(0, self.rfind('/')));
    return directory + "/../lib/" + std::string(file);
}

}  // namespace wasmax::engine
