#include "engine/environment.h"

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <system_error>

#include "base/units.h"

namespace wasmax::engine {

std::string variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody sets variables
    return value == nullptr ? std::string() : std::string(value);
}

std::optional<Bytes> size_variable(const char* name, Bytes unit) {
    const std::string text = variable(name);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool is_number =
        !text.empty() && error == std::errc() && end == text.data() + text.size();
    if (!is_number || number > std::numeric_limits<std::uint64_t>::max() / unit.count) {
        return std::nullopt;
    }
    return Bytes{number * unit.count};
}

}  // namespace wasmax::engine
