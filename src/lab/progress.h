#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

namespace wasmax::lab {

/// Tells a person what the lab is doing: a line per step, and a running countdown where `stream` is
/// a terminal. Writes nothing when `stream` is null. Borrows `stream`.
class Progress {
public:
    explicit Progress(std::FILE* stream);

    void step(std::string_view text);
    /// How much there is to do in all, and that a part of it is done: only for the sentence below.
    void expect(std::chrono::seconds total) { left_ = total; }
    void done(std::chrono::seconds part) { left_ -= part; }
    /// `, about 6 min left`, or nothing when nothing was expected.
    [[nodiscard]] std::string left() const;
    /// Rewrites the last line of a terminal; does nothing elsewhere.
    void countdown(std::string_view what, std::chrono::seconds left);

private:
    void clear_countdown();

    std::FILE* stream_;
    bool is_terminal_;
    bool counting_ = false;
    std::chrono::seconds left_{0};
};

/// `40 s`, or `6 min`.
[[nodiscard]] std::string rough(std::chrono::seconds time);

}  // namespace wasmax::lab
