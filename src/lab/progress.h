#pragma once

#include <chrono>
#include <cstdio>
#include <string_view>

namespace wasmax::lab {

/// Tells a person what the lab is doing: a line per step, and a running countdown where `stream` is
/// a terminal. Writes nothing when `stream` is null. Borrows `stream`.
class Progress {
public:
    explicit Progress(std::FILE* stream);

    void step(std::string_view text);
    /// Rewrites the last line of a terminal; does nothing elsewhere.
    void countdown(std::string_view what, std::chrono::seconds left);

private:
    void clear_countdown();

    std::FILE* stream_;
    bool is_terminal_;
    bool counting_ = false;
};

}  // namespace wasmax::lab
