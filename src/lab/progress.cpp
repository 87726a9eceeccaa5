#include "lab/progress.h"

#include <stdio.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
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

}  // namespace wasmax::lab
