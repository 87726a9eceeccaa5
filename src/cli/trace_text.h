#pragma once

#include <string>

#include "trace/file_reader.h"
#include "trace/schema.h"

namespace wasmax::cli {

/// `sock_send(fd=5, si_data=[0x20 x 1], si_flags=0) = 71`
[[nodiscard]] std::string call_text(const trace::Schema& schema, const trace::Record& record);

/// `12.3µs`, as Rust prints a duration: three digits or more, and a unit.
[[nodiscard]] std::string rust_duration(double ns);

}  // namespace wasmax::cli
