#include "lab/cpus.h"

#include <sched.h>

#include <cerrno>
#include <cstddef>
#include <string>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::lab {

Result<CpuList, Error> allowed_cpus() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) {
        return fail(Error::from_errno(errno, "reading which CPUs may be used"));
    }
    CpuList cpus;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) {
            cpus.push_back(cpu);
        }
    }
    return cpus;
}

Placement place(const CpuList& allowed, bool pin) {
    if (!pin || allowed.size() < 2) {
        return {.pinned = false, .server = allowed, .generator = allowed};
    }
    return {.pinned = true,
            .server = {allowed.back()},
            .generator = CpuList(allowed.begin(), allowed.end() - 1)};
}

std::string to_string(const CpuList& cpus) {
    std::string text;
    for (std::size_t first = 0; first < cpus.size();) {
        std::size_t last = first;
        while (last + 1 < cpus.size() && cpus[last + 1] == cpus[last] + 1) {
            ++last;
        }
        text += fmt::format("{}{}", text.empty() ? "" : ",", cpus[first]);
        if (last > first) {
            text += fmt::format("-{}", cpus[last]);
        }
        first = last + 1;
    }
    return text;
}

}  // namespace wasmax::lab
