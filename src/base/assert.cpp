#include "base/assert.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace wasmax {
namespace {

void put(const char* text) noexcept {
    // Nothing can be done about a failed write to stderr while aborting.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace

void assertion_failed(const char* condition, const char* file, int line) noexcept {
    char digits[12];
    char* cursor = digits + sizeof digits - 1;
    *cursor = '\0';
    do {
        *--cursor = static_cast<char>('0' + line % 10);
        line /= 10;
    } while (line != 0);
    put("wasmax: internal error at ");
    put(file);
    put(":");
    put(cursor);
    put(": ");
    put(condition);
    put("\n");
    std::abort();
}

}  // namespace wasmax
