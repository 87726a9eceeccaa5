#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace wasmax::lab {

/// What the kernel has accounted to a set of processes so far.
struct Usage {
    double cpu_seconds = 0;   ///< user + system, of threads and waited-for children; ns resolution
    double user_seconds = 0;  ///< of cpu_seconds; resolution of the clock tick, usually 10 ms
    double system_seconds = 0;              ///< likewise
    std::uint64_t context_switches = 0;     ///< voluntary and not, of the threads that still live
    std::uint64_t peak_resident_bytes = 0;  ///< sum over the processes
};

/// The processes that belong to `root`: itself, its process group, its descendants, and every
/// process whose initial environment has the entry `mark`. Ascending; empty when all are gone.
/// linux: proc(5)
[[nodiscard]] std::vector<pid_t> process_tree(pid_t root, const std::string& mark);

/// What all processes of the machine have used so far, in CPU seconds, with what a hypervisor took
/// away; without interrupts, which the kernel serves on behalf of anybody. 0 when /proc/stat is
/// unreadable.
[[nodiscard]] double machine_cpu_seconds();

/// The sum over `processes`; one that is gone counts as nothing.
[[nodiscard]] Usage usage_of(const std::vector<pid_t>& processes);

}  // namespace wasmax::lab
