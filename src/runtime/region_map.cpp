#include "runtime/impl/region_map.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/trap_handler.h"

namespace wasmax::runtime {
namespace {

/// A published map; those that readers may still look at form a list.
struct Published {
    RegionMap map;
    std::unique_ptr<Published> next_retired;
};

// Part of the trap handler's process-wide state. Readers are signal handlers: they count
// themselves, then load the pointer (both sequentially consistent), so a map that was replaced
// before a moment without readers has none and never will. g_publishing is the last in the lock
// order.
constinit Published g_empty;
constinit std::atomic<Published*> g_current{&g_empty};
constinit std::atomic<std::uint32_t> g_readers{0};
constinit std::mutex g_publishing;  // guards g_retired and replacing g_current
constinit Published* g_retired = nullptr;

template <class Change>
void publish(const Change& change) {
    const std::lock_guard lock(g_publishing);
    Published* before = g_current.load();
    g_current.store(new Published{change(before->map), nullptr});
    if (before != &g_empty) {
        before->next_retired.reset(g_retired);
        g_retired = before;
    }
    if (g_readers.load() == 0) {
        while (g_retired != nullptr) {
            const std::unique_ptr<Published> freed(g_retired);
            g_retired = freed->next_retired.release();
        }
    }
}

}  // namespace

const Region* RegionMap::find(std::uintptr_t address) const noexcept {
    const auto after = std::upper_bound(
        regions_.begin(), regions_.end(), address,
        [](std::uintptr_t value, const Region& region) { return value < region.base; });
    if (after == regions_.begin() || address >= std::prev(after)->end) {
        return nullptr;
    }
    return &*std::prev(after);
}

RegionMap RegionMap::with(const RegionMap& map, const Region& region) {
    RegionMap copy;
    copy.regions_.reserve(map.regions_.size() + 1);
    copy.regions_ = map.regions_;
    copy.regions_.insert(std::ranges::upper_bound(copy.regions_, region.base, {}, &Region::base),
                         region);
    return copy;
}

RegionMap RegionMap::without(const RegionMap& map, std::uintptr_t base) {
    RegionMap copy = map;
    std::erase_if(copy.regions_, [base](const Region& region) { return region.base == base; });
    return copy;
}

RegionReader::RegionReader() noexcept {
    g_readers.fetch_add(1);
    map_ = &g_current.load()->map;
}

RegionReader::~RegionReader() noexcept { g_readers.fetch_sub(1); }

GuardRegion::GuardRegion(RegionKind kind, const void* base, std::uint64_t bytes, const void* owner)
    : base_(reinterpret_cast<std::uintptr_t>(base)) {
    publish([&](const RegionMap& map) {
        return RegionMap::with(map,
                               {.base = base_, .end = base_ + bytes, .kind = kind, .owner = owner});
    });
}

GuardRegion::GuardRegion(GuardRegion&& other) noexcept : base_(std::exchange(other.base_, 0)) {}

GuardRegion& GuardRegion::operator=(GuardRegion&& other) noexcept {
    if (this != &other) {
        reset();
        base_ = std::exchange(other.base_, 0);
    }
    return *this;
}

GuardRegion::~GuardRegion() { reset(); }

void GuardRegion::reset() noexcept {
    if (base_ != 0) {
        publish([this](const RegionMap& map) { return RegionMap::without(map, base_); });
        base_ = 0;
    }
}

}  // namespace wasmax::runtime
