#include "trace/target.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "trace/clock.h"
#include "trace/recorder.h"
#include "trace/shared.h"

namespace wasmax::trace {

std::byte* map_slot(int fd, std::size_t slot) {
    void* const reserved = ::mmap(nullptr, kSlotBytes + kRingBytes, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) {
        return nullptr;
    }
    auto* const start = static_cast<std::byte*>(reserved);
    constexpr int kAccess = PROT_READ | PROT_WRITE;
    const auto offset = static_cast<off_t>(slot_offset(slot));
    const auto ring = offset + static_cast<off_t>(kSlotBytes - kRingBytes);
    if (::mmap(start, kSlotBytes, kAccess, MAP_SHARED | MAP_FIXED, fd, offset) == MAP_FAILED ||
        ::mmap(start + kSlotBytes, kRingBytes, kAccess, MAP_SHARED | MAP_FIXED, fd, ring) ==
            MAP_FAILED) {
        unmap_slot(start);
        return nullptr;
    }
    return start;
}

void unmap_slot(std::byte* start) { ::munmap(start, kSlotBytes + kRingBytes); }

Target::Target(UniqueFd memory, Control* control, std::function<std::string()> schema)
    : memory_(std::move(memory)), control_(control), schema_(std::move(schema)) {}

Target::~Target() { ::munmap(control_, kControlBytes); }

Result<std::unique_ptr<Target>, Error> Target::create(std::function<std::string()> schema) {
    UniqueFd memory(::memfd_create(kControlName, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) {
        return fail(Error::from_errno(errno, "making the tracer's memory"));
    }
    // Nobody can make the file shorter under the mapping. linux: F_ADD_SEALS(2)
    if (::ftruncate(memory.get(), static_cast<off_t>(kControlBytes)) != 0 ||
        ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
        return fail(Error::from_errno(errno, "making the tracer's memory"));
    }
    void* const page =
        ::mmap(nullptr, kControlBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (page == MAP_FAILED) {
        return fail(Error::from_errno(errno, "mapping the tracer's memory"));
    }
    auto* const control = new (page) Control{};
    control->version = kControlVersion;
    control->pid = static_cast<std::uint32_t>(::getpid());
    control->magic = kControlMagic;
    return std::unique_ptr<Target>(new Target(std::move(memory), control, std::move(schema)));
}

void Target::publish_schema() {
    if (control_->schema_bytes.load(std::memory_order_relaxed) != 0) {
        return;
    }
    const std::string text = schema_();
    const std::size_t count = std::min(text.size(), kSchemaBytes);
    const ssize_t written =
        ::pwrite(memory_.get(), text.data(), count, static_cast<off_t>(kControlBytes));
    if (written > 0) {
        control_->schema_bytes.store(static_cast<std::uint32_t>(written),
                                     std::memory_order_release);
    }
}

std::unique_ptr<Recorder> Target::join(std::uint32_t watch, std::int32_t guest_tid) {
    const std::lock_guard lock(mutex_);
    struct stat status{};
    if (::fstat(memory_.get(), &status) != 0 ||
        static_cast<std::size_t>(status.st_size) < kSharedBytes) {
        return nullptr;
    }
    publish_schema();
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
        SlotState free = SlotState::free;
        if (!control_->slots[slot].compare_exchange_strong(free, SlotState::used)) {
            continue;
        }
        std::byte* const start = map_slot(memory_.get(), slot);
        if (start == nullptr) {
            control_->slots[slot].store(SlotState::free);
            break;
        }
        auto& header = *std::bit_cast<SlotHeader*>(start);
        header.host_tid.store(static_cast<std::int32_t>(::syscall(SYS_gettid)));
        header.guest_tid.store(guest_tid);
        header.state.store(SlotState::used);
        return std::make_unique<Recorder>(
            start,
            Recorder::Options{watch, clock_kind(), control_->ticks_per_ns,
                              control_->detects_switches != 0},
            true);
    }
    control_->unrecorded.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
}

}  // namespace wasmax::trace
