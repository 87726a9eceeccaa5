#include "cli/trace_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace wasmax::cli {

Result<ReportOutput, Error> ReportOutput::create(const std::string& path) {
    std::string what = path.empty() ? "writing the report" : "writing " + path;
    UniqueFd file(path.empty()
                      ? ::dup(STDOUT_FILENO)
                      : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file) {
        return fail(Error::from_errno(errno, what));
    }
    return ReportOutput(std::move(file), std::move(what));
}

void ReportOutput::add(std::string_view text) {
    constexpr std::size_t kEnough = 64 * kKiB;
    pending_ += text;
    if (pending_.size() >= kEnough) {
        write();
    }
}

void ReportOutput::write() {
    std::string_view text = pending_;
    while (!text.empty() && error_ == 0) {
        const ssize_t written = ::write(file_.get(), text.data(), text.size());
        if (written < 0) {
            const int error = errno;
            error_ = error == EINTR ? 0 : error;
            continue;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    pending_.clear();
}

Result<void, Error> ReportOutput::finish() {
    write();
    if (error_ != 0) {
        return fail(Error::from_errno(error_, what_));
    }
    return {};
}

}  // namespace wasmax::cli
