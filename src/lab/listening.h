#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace wasmax::lab {

/// The TCP ports on which `processes` listen, ascending, each once. Best effort: a process that is
/// gone or not ours counts as nothing. linux: proc(5)
[[nodiscard]] std::vector<std::uint16_t> listening_ports(const std::vector<pid_t>& processes);

}  // namespace wasmax::lab
