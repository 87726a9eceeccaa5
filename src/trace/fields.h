#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trace/file_reader.h"
#include "trace/schema.h"

namespace wasmax::trace {

/// A socket address as a guest passes it.
struct SocketAddress {
    std::uint8_t family;  ///< of WASIX: 1 inet4, 2 inet6; 0xff: outside the memory
    std::uint16_t port;
    std::string host;
    /// `127.0.0.1:8080`
    [[nodiscard]] std::string text() const;
};

/// An argument or result of a record.
struct FieldValue {
    const Field* field;
    std::uint64_t number;  ///< of numbers, descriptors, enums and flags; the length of a string
    std::optional<SocketAddress> address;
    std::string text;  ///< as printed: `3`, `nonblock`, `[0x1f40 x 2]`, `"a.txt"`
};

/// The fields of a record, as far as its bytes go.
[[nodiscard]] std::vector<FieldValue> decode(const Schema& schema, const Record& record);

/// Its first descriptor among the arguments, without decoding the rest; nothing if there is none.
[[nodiscard]] std::optional<std::uint32_t> first_fd(const Schema& schema, const Record& record);

}  // namespace wasmax::trace
