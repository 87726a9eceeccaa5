#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace wasmax::cli {

/// Where a report goes, piece by piece: a file or stdout. Keeps little of it, so that a report of a
/// long recording needs no more memory than one of a short one. Threads: one.
class ReportOutput {
public:
    /// Makes the file `path`; empty: stdout. Errors: host.
    [[nodiscard]] static Result<ReportOutput, Error> create(const std::string& path);

    /// Adds text. After an error it does nothing; finish() tells.
    void add(std::string_view text);
    /// Whether more text would be lost.
    [[nodiscard]] bool has_failed() const { return error_ != 0; }
    /// Writes the rest. Errors: host, of this and of every add().
    [[nodiscard]] Result<void, Error> finish();

private:
    ReportOutput(UniqueFd file, std::string what)
        : file_(std::move(file)), what_(std::move(what)) {}
    void write();

    UniqueFd file_;
    std::string what_;
    std::string pending_;
    int error_ = 0;
};

}  // namespace wasmax::cli
