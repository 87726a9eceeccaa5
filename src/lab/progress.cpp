#include "lab/progress.h"

#include <stdio.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace wasmax::lab {

Progress::Progress(std::FILE* stream)
    : stream_(stream), is_terminal_(stream != nullptr && isatty(fileno(stream)) == 1) {}

void Progress::step(std::string_view text) {
    if (stream_ == nullptr) {
        return;
    }
    clear_countdown();
    fmt::print(stream_, "{}\n", text);
    std::fflush(stream_);
}

std::string Progress::left() const {
    return left_.count() > 0 ? fmt::format(", about {} left", rough(left_)) : std::string();
}

void Progress::countdown(std::string_view what, std::chrono::seconds left) {
    if (!is_terminal_) {
        return;
    }
    fmt::print(stream_, "\r\033[K  {}: {} s", what, left.count());
    std::fflush(stream_);
    counting_ = true;
}

void Progress::clear_countdown() {
    if (counting_) {
        fmt::print(stream_, "\r\033[K");
        counting_ = false;
    }
}

std::string rough(std::chrono::seconds time) {
    constexpr std::chrono::seconds kInSeconds{100};
    return time < kInSeconds
               ? fmt::format("{} s", time.count())
               : fmt::format("{} min", std::chrono::round<std::chrono::minutes>(time).count());
}

}  // namespace wasmax::lab
