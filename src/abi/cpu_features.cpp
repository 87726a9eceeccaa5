#include "abi/cpu_features.h"

#include <cpuid.h>

#include <cstddef>
#include <cstdint>

namespace wasmax::abi {
namespace {

struct Leaf {
    std::uint32_t eax = 0;
    std::uint32_t ebx = 0;
    std::uint32_t ecx = 0;
    std::uint32_t edx = 0;
};

/// All zero when the CPU has no such leaf.
Leaf leaf(std::uint32_t number, std::uint32_t subleaf = 0) {
    Leaf values;
    __get_cpuid_count(number, subleaf, &values.eax, &values.ebx, &values.ecx, &values.edx);
    return values;
}

/// The registers that the kernel saves: without its bit a feature may not be used.
std::uint32_t saved_registers(const Leaf& basic) {
    constexpr std::uint32_t kOsxsave = 1U << 27;
    if ((basic.ecx & kOsxsave) == 0) {
        return 0;
    }
    std::uint32_t low = 0;
    std::uint32_t high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

}  // namespace

CpuFeatures host_cpu_features() {
    constexpr std::uint32_t kHypervisor = 1U << 31;  // says where we run, not what we can
    const Leaf basic = leaf(1);
    const Leaf extended = leaf(7);
    const Leaf more = leaf(7, 1);
    const Leaf amd = leaf(0x80000001);
    return {basic.ecx & ~kHypervisor,
            basic.edx,
            extended.ebx,
            extended.ecx,
            extended.edx,
            more.eax,
            more.edx,
            amd.ecx,
            amd.edx,
            saved_registers(basic)};
}

bool covers(const CpuFeatures& present, const CpuFeatures& needed) {
    for (std::size_t word = 0; word < needed.size(); ++word) {
        if ((needed[word] & ~present[word]) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace wasmax::abi
