#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::trace {

/// How a field's bytes are read and printed.
enum class FieldKind : std::uint8_t {
    number16,
    number32,
    number64,
    signed64,
    fd,              ///< a descriptor's number, 32 bits
    address,         ///< of guest memory, 32 bits: 0x1f40
    span,            ///< address and count: [0x1f40 x 2]
    string,          ///< Payload::put_string
    socket_address,  ///< Payload::put_address
    enum16,          ///< one of `names`
    enum32,
    flags16,  ///< a set of `names`
    flags32,
    flags64,
};

/// An argument, or a result that the call writes.
struct Field {
    std::string name;
    FieldKind kind;
    bool out;  ///< only there when the call succeeded
    std::vector<std::pair<std::uint64_t, std::string>> names;  ///< of enum values or single flags
};

struct CallSchema {
    std::string module;
    std::string name;
    bool may_block;
    bool accepts;  ///< gives a new connection: the first one that returns begins the requests
    std::vector<Field> fields;
};

/// What the numbers in records mean. Travels as text, so that a tracer can watch a process of
/// another version.
struct Schema {
    std::vector<CallSchema> calls;
    std::vector<std::pair<std::uint64_t, std::string>> errors;

    [[nodiscard]] std::string_view call_name(std::uint16_t call) const;
    /// `badf`, or the number.
    [[nodiscard]] std::string error_name(std::uint16_t error) const;

    [[nodiscard]] std::string to_text() const;
    /// Errors: invalid.
    [[nodiscard]] static Result<Schema, Error> from_text(std::string_view text);
};

}  // namespace wasmax::trace
