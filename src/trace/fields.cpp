#include "trace/fields.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/units.h"
#include "trace/file_reader.h"
#include "trace/payload.h"
#include "trace/schema.h"

namespace wasmax::trace {
namespace {

constexpr std::uint8_t kInet4 = 1;
constexpr std::uint8_t kInet6 = 2;
constexpr std::uint8_t kOutside = 0xff;

std::string hex(std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.begin(), digits.end(), value, 16);
    return "0x" + std::string(digits.data(), end);
}

/// With the escapes of C.
std::string quoted(std::string_view text, bool is_cut) {
    std::string out = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            out += "\\n";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < ' ' || byte >= 0x7f) {
            constexpr std::string_view kDigits = "0123456789abcdef";
            out += "\\x";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        } else {
            out += c;
        }
    }
    return out + (is_cut ? "\"..." : "\"");
}

std::string enum_text(const Field& field, std::uint64_t value) {
    for (const auto& [known, name] : field.names) {
        if (known == value) {
            return name;
        }
    }
    return std::to_string(value);
}

std::string flags_text(const Field& field, std::uint64_t value) {
    std::uint64_t all = 0;
    for (const auto& [bit, name] : field.names) {
        all |= bit;
    }
    if (value != 0 && value == all && field.names.size() > 4) {
        return "all";
    }
    std::string text;
    for (const auto& [bit, name] : field.names) {
        if ((value & bit) != 0) {
            text += (text.empty() ? "" : "|") + name;
            value &= ~bit;
        }
    }
    if (value != 0 || text.empty()) {
        text += (text.empty() ? "" : "|") + (value == 0 ? "0" : hex(value));
    }
    return text;
}

template <class T>
bool take(ByteView& bytes, std::uint64_t& value) {
    T stored{};
    if (bytes.size() < sizeof stored) {
        return false;
    }
    std::memcpy(&stored, bytes.data(), sizeof stored);
    bytes = bytes.subspan(sizeof stored);
    value = static_cast<std::uint64_t>(stored);
    return true;
}

bool take_string(ByteView& bytes, FieldValue& value) {
    if (!take<std::uint32_t>(bytes, value.number)) {
        return false;
    }
    const auto count = std::min<std::size_t>(value.number, kStringBytes);
    const std::size_t stored = count + count % 2;
    if (bytes.size() < stored) {
        return false;
    }
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters.
    value.text = quoted({reinterpret_cast<const char*>(bytes.data()), count}, count < value.number);
    bytes = bytes.subspan(stored);
    return true;
}

bool take_address(ByteView& bytes, FieldValue& value) {
    std::uint64_t head = 0;
    std::uint64_t port = 0;
    if (!take<std::uint16_t>(bytes, head) || !take<std::uint16_t>(bytes, port) ||
        bytes.size() < head >> 8U) {
        return false;
    }
    SocketAddress address{static_cast<std::uint8_t>(head), static_cast<std::uint16_t>(port), {}};
    const ByteView octets = bytes.first(head >> 8U);
    std::array<char, INET6_ADDRSTRLEN> host{};
    if (address.family == kInet4 && octets.size() == sizeof(in_addr)) {
        ::inet_ntop(AF_INET, octets.data(), host.data(), host.size());
    } else if (address.family == kInet6 && octets.size() == sizeof(in6_addr)) {
        ::inet_ntop(AF_INET6, octets.data(), host.data(), host.size());
    }
    address.host = host.data();
    bytes = bytes.subspan(octets.size());
    value.text = address.text();
    value.number = address.port;
    value.address = std::move(address);
    return true;
}

bool take_number(ByteView& bytes, FieldValue& value) {
    switch (value.field->kind) {
        case FieldKind::number16:
        case FieldKind::enum16:
        case FieldKind::flags16:
            return take<std::uint16_t>(bytes, value.number);
        case FieldKind::number32:
        case FieldKind::enum32:
        case FieldKind::flags32:
        case FieldKind::fd:
        case FieldKind::address:
            return take<std::uint32_t>(bytes, value.number);
        case FieldKind::number64:
        case FieldKind::signed64:
        case FieldKind::flags64:
            return take<std::uint64_t>(bytes, value.number);
        case FieldKind::span:
        case FieldKind::string:
        case FieldKind::socket_address:
            break;
    }
    return false;
}

std::string number_text(const FieldValue& value) {
    switch (value.field->kind) {
        case FieldKind::enum16:
        case FieldKind::enum32:
            return enum_text(*value.field, value.number);
        case FieldKind::flags16:
        case FieldKind::flags32:
        case FieldKind::flags64:
            return flags_text(*value.field, value.number);
        case FieldKind::address:
            return hex(value.number);
        case FieldKind::fd:
            return std::to_string(static_cast<std::int32_t>(value.number));
        case FieldKind::signed64:
            return std::to_string(static_cast<std::int64_t>(value.number));
        case FieldKind::number16:
        case FieldKind::number32:
        case FieldKind::number64:
        case FieldKind::span:
        case FieldKind::string:
        case FieldKind::socket_address:
            break;
    }
    return std::to_string(value.number);
}

bool take_field(ByteView& bytes, FieldValue& value) {
    if (value.field->kind == FieldKind::string) {
        return take_string(bytes, value);
    }
    if (value.field->kind == FieldKind::socket_address) {
        return take_address(bytes, value);
    }
    if (value.field->kind == FieldKind::span) {
        std::uint64_t address = 0;
        if (!take<std::uint32_t>(bytes, address) || !take<std::uint32_t>(bytes, value.number)) {
            return false;
        }
        value.text = "[" + hex(address) + " x " + std::to_string(value.number) + "]";
        return true;
    }
    if (!take_number(bytes, value)) {
        return false;
    }
    value.text = number_text(value);
    return true;
}

}  // namespace

std::string SocketAddress::text() const {
    if (family == kOutside) {
        return "(outside the memory)";
    }
    if (host.empty()) {
        return "(family " + std::to_string(family) + ", port " + std::to_string(port) + ")";
    }
    return (family == kInet6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::vector<FieldValue> decode(const Schema& schema, const Record& record) {
    std::vector<FieldValue> values;
    if (record.call >= schema.calls.size()) {
        return values;
    }
    ByteView bytes = record.payload;
    for (const Field& field : schema.calls[record.call].fields) {
        FieldValue value{&field, 0, {}, {}};
        if ((field.out && record.error != 0) || !take_field(bytes, value)) {
            break;
        }
        values.push_back(std::move(value));
    }
    return values;
}

std::optional<std::uint32_t> first_fd(const Schema& schema, const Record& record) {
    if (record.call >= schema.calls.size()) {
        return std::nullopt;
    }
    const auto& fields = schema.calls[record.call].fields;
    if (fields.empty() || fields.front().kind != FieldKind::fd || fields.front().out ||
        record.payload.size() < sizeof(std::uint32_t)) {
        return std::nullopt;
    }
    std::uint32_t fd = 0;
    std::memcpy(&fd, record.payload.data(), sizeof fd);
    return fd;
}

}  // namespace wasmax::trace
