#pragma once

#include <cstdint>
#include <vector>

#include "runtime/trap_handler.h"

namespace wasmax::runtime {

struct Region {
    std::uintptr_t base;
    std::uintptr_t end;
    RegionKind kind;
    const void* owner = nullptr;  ///< of code: the Artifact
};

/// Disjoint regions by address. Immutable once published to the signal handler.
class RegionMap {
public:
    /// The region that contains `address`, or null.
    [[nodiscard]] const Region* find(std::uintptr_t address) const noexcept;

    /// Copies: with one more region, without the one at `base`.
    [[nodiscard]] static RegionMap with(const RegionMap& map, const Region& region);
    [[nodiscard]] static RegionMap without(const RegionMap& map, std::uintptr_t base);

private:
    std::vector<Region> regions_;
};

/// Keeps the map that is current when it is constructed from being freed. Async-signal-safe: a
/// counter.
class RegionReader {
public:
    RegionReader() noexcept;
    ~RegionReader() noexcept;
    RegionReader(const RegionReader&) = delete;
    RegionReader& operator=(const RegionReader&) = delete;

    const RegionMap& operator*() const noexcept { return *map_; }
    const RegionMap* operator->() const noexcept { return map_; }

private:
    const RegionMap* map_;
};

}  // namespace wasmax::runtime
