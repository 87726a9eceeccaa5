#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "trace/file_reader.h"

namespace wasmax::trace {

/// Follows descriptors to the peers that accept and connect gave them. Records come in the order of
/// their begins.
class Peers {
public:
    /// Whom the record, whose call is a row of the schema, talks to: a host, or an address for
    /// connections that the program made.
    [[nodiscard]] std::string of(const FileReader& file, const Record& record);

private:
    std::string learn(const FileReader& file, const Record& record, bool accepts, std::string peer);

    std::map<std::uint32_t, std::string> peers_;
};

}  // namespace wasmax::trace
