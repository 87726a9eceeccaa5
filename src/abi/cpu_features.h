#pragma once

#include <array>
#include <cstdint>

namespace wasmax::abi {

/// What CPUID and XGETBV say this CPU and kernel can run, as plain bits.
using CpuFeatures = std::array<std::uint32_t, 10>;

[[nodiscard]] CpuFeatures host_cpu_features();

/// Whether code that may use `needed` runs where `present` is what there is.
[[nodiscard]] bool covers(const CpuFeatures& present, const CpuFeatures& needed);

}  // namespace wasmax::abi
