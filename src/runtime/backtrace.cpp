#include <cstdint>

#include "abi/trap.h"
#include "runtime/impl/region_map.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {
namespace {

/// What a function that keeps a frame pointer leaves at its address.
struct NativeFrame {
    std::uintptr_t caller;
    std::uintptr_t return_address;
};

/// The frame at `address`, or null if that cannot be one on the thread's stack above `below`.
const NativeFrame* frame_at(const ThreadState& thread, std::uintptr_t address,
                            std::uintptr_t below) {
    if (address <= below || address < thread.stack.low || address % alignof(NativeFrame) != 0 ||
        address > thread.stack.high - sizeof(NativeFrame)) {
        return nullptr;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register of the interrupted code.
    return reinterpret_cast<const NativeFrame*>(address);
}

/// Host frames between raise_trap() and the wasm function that called its caller.
constexpr unsigned kMaxHostFrames = 256;

}  // namespace

// The frames belong to other functions, so sanitizers have nothing to say about reading them.
[[clang::disable_sanitizer_instrumentation]] void record_trap(
    ThreadState& thread, abi::TrapCode code, std::uintptr_t pc,
    std::uintptr_t frame_pointer) noexcept {
    TrapRecord& record = thread.trap;
    record.code = code;
    record.at_instruction = pc != 0;
    record.count = 0;
    if (pc != 0) {
        record.pcs[record.count++] = pc;
    }
    const RegionReader regions;
    std::uintptr_t below = 0;
    for (unsigned host_frames = 0; record.count < kMaxTrapFrames && host_frames < kMaxHostFrames;) {
        const NativeFrame* frame = frame_at(thread, frame_pointer, below);
        if (frame == nullptr) {
            return;
        }
        const Region* region = regions->find(frame->return_address);
        if (region != nullptr && region->kind == RegionKind::code) {
            record.pcs[record.count++] = frame->return_address;
        } else if (record.count != 0) {
            return;
        } else {
            ++host_frames;
        }
        below = frame_pointer;
        frame_pointer = frame->caller;
    }
}

}  // namespace wasmax::runtime
