#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::lab {

/// Numbers of logical CPUs, ascending.
using CpuList = std::vector<int>;

/// Where server and load generator run. Not pinned: both lists hold every CPU we may use.
struct Placement {
    bool pinned = false;
    CpuList server;
    CpuList generator;
    bool operator==(const Placement&) const = default;
};

/// The CPUs this process may use. Errors: host. linux: sched_getaffinity(2)
[[nodiscard]] Result<CpuList, Error> allowed_cpus();

/// The server alone on the last CPU and the generator on all others, when `pin` and there are at
/// least two; the first CPU usually serves the machine's interrupts, so it goes to the generator.
[[nodiscard]] Placement place(const CpuList& allowed, bool pin);

/// `0-2,5` for {0, 1, 2, 5}.
[[nodiscard]] std::string to_string(const CpuList& cpus);

}  // namespace wasmax::lab
