#include "trace/schema.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "trace/shared.h"

namespace wasmax::trace {
namespace {

constexpr std::array<std::string_view, 14> kKinds{"u16",     "u32",  "u64",  "s64",    "fd",
                                                  "address", "span", "text", "socket", "e16",
                                                  "e32",     "f16",  "f32",  "f64"};

// A line per call or error, tabs between the parts: `error 8 badf`,
// `call module name flags field...`; a field is `>name:kind:value=name,...`.

using Names = std::vector<std::pair<std::uint64_t, std::string>>;

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(end + 1);
    }
}

Result<std::uint64_t, Error> number(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) {
        return fail(Error::invalid("the trace's schema is damaged"));
    }
    return value;
}

Result<Field, Error> read_field(std::string_view text) {
    Field field{};
    field.out = text.starts_with('>');
    const auto parts = split(text.substr(field.out ? 1 : 0), ':');
    if (parts.size() != 3) {
        return fail(Error::invalid("the trace's schema is damaged"));
    }
    field.name = parts[0];
    std::size_t kind = 0;
    while (kind < kKinds.size() && kKinds[kind] != parts[1]) {
        ++kind;
    }
    if (kind == kKinds.size()) {
        return fail(Error::invalid("the trace's schema has an unknown kind of argument"));
    }
    field.kind = static_cast<FieldKind>(kind);
    if (!parts[2].empty()) {
        for (const std::string_view entry : split(parts[2], ',')) {
            const std::size_t equals = entry.find('=');
            if (equals == std::string_view::npos) {
                return fail(Error::invalid("the trace's schema is damaged"));
            }
            field.names.emplace_back(TRY(number(entry.substr(0, equals))),
                                     entry.substr(equals + 1));
        }
    }
    return field;
}

Result<CallSchema, Error> read_call(const std::vector<std::string_view>& parts) {
    CallSchema call{std::string(parts[1]),
                    std::string(parts[2]),
                    parts[3].find('b') != std::string_view::npos,
                    parts[3].find('a') != std::string_view::npos,
                    {}};
    for (std::size_t i = 4; i < parts.size(); ++i) {
        call.fields.push_back(TRY(read_field(parts[i])));
    }
    return call;
}

}  // namespace

std::string_view Schema::call_name(std::uint16_t call) const {
    return call < calls.size() ? std::string_view(calls[call].name) : "unknown";
}

std::string Schema::error_name(std::uint16_t error) const {
    for (const auto& [value, name] : errors) {
        if (value == error) {
            return name;
        }
    }
    return std::to_string(error);
}

std::string Schema::to_text() const {
    std::string text;
    for (const auto& [value, name] : errors) {
        text += "error\t" + std::to_string(value) + "\t" + name + "\n";
    }
    for (const CallSchema& call : calls) {
        text += "call\t" + call.module + "\t" + call.name + "\t";
        text += call.may_block ? "b" : "-";
        text += call.accepts ? "a" : "-";
        for (const Field& field : call.fields) {
            text += field.out ? "\t>" : "\t";
            text += field.name + ":";
            text += kKinds[static_cast<std::size_t>(field.kind)];
            text += ":";
            bool first = true;
            for (const auto& [value, name] : field.names) {
                text += (first ? "" : ",") + std::to_string(value) + "=" + name;
                first = false;
            }
        }
        text += "\n";
    }
    return text;
}

Result<Schema, Error> Schema::from_text(std::string_view text) {
    Schema schema;
    for (const std::string_view line : split(text, '\n')) {
        const auto parts = split(line, '\t');
        if (parts[0] == "error" && parts.size() == 3) {
            schema.errors.emplace_back(TRY(number(parts[1])), parts[2]);
        } else if (parts[0] == "call" && parts.size() >= 4 && schema.calls.size() < kMaxCalls) {
            schema.calls.push_back(TRY(read_call(parts)));
        } else if (!line.empty()) {
            return fail(Error::invalid("the trace's schema is damaged"));
        }
    }
    return schema;
}

}  // namespace wasmax::trace
