// Signals: what the guest's libc asks for at start.

#include <string>
#include <string_view>

#include "base/result.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

/// Partial: the name is remembered, and nothing is delivered. It returns nothing, so a name outside
/// the memory is ignored. wasix: 9.3
void wasix_32v1::callback_signal(Caller& caller, GuestString callback) {
    constexpr std::size_t kMaxNameBytes = 256;
    const auto name = caller.memory.text(callback);
    if (name.has_value() && name->size() <= kMaxNameBytes) {
        caller.process.set_signal_callback(std::string(*name));
    }
}

/// A process starts with the default disposition of every signal. wasix: 9.6
Result<Size, Errno> wasix_32v1::proc_signals_sizes_get(Caller& /*caller*/) { return Size{0}; }

Result<void, Errno> wasix_32v1::proc_signals_get(Caller& /*caller*/,
                                                 GuestPointer<SignalDisposition> /*buf*/) {
    return {};
}

}  // namespace wasmax::wasix
