#include "runtime/impl/signal_stack.h"

#include <signal.h>
#include <sys/auxv.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/mapping.h"

namespace wasmax::runtime {
namespace {

/// What our handler needs besides the registers the kernel saves, whose size the CPU decides.
constexpr std::uint64_t kHandlerBytes = 16 * kKiB;
/// What we allocate: room for a previous handler that reports a crash.
constexpr std::uint64_t kStackBytes = 128 * kKiB;

class SignalStack {
public:
    SignalStack() = default;
    SignalStack(const SignalStack&) = delete;
    SignalStack& operator=(const SignalStack&) = delete;
    ~SignalStack() {
        if (mapping_.base() != nullptr) {
            sigaltstack(&previous_, nullptr);
        }
    }

    Result<void, Error> ensure() {
        const std::uint64_t needed = getauxval(AT_MINSIGSTKSZ) + kHandlerBytes;
        stack_t current{};
        if (sigaltstack(nullptr, &current) != 0) {
            return fail(Error::from_errno(errno, "reading the alternate signal stack"));
        }
        if ((current.ss_flags & SS_DISABLE) == 0 && current.ss_size >= needed) {
            return {};
        }
        // The lowest page stays closed: an overflow of this stack must not reach other memory.
        Mapping mapping =
            TRY(Mapping::anonymous(kHostPageBytes + std::max(needed, kStackBytes),
                                   Mapping::Access::none, "allocating a signal stack"));
        TRY(mapping.access(kHostPageBytes, mapping.bytes() - kHostPageBytes,
                           Mapping::Access::read_write, "allocating a signal stack"));
        stack_t ours{};
        ours.ss_sp = mapping.base() + kHostPageBytes;
        ours.ss_size = mapping.bytes() - kHostPageBytes;
        if (sigaltstack(&ours, nullptr) != 0) {
            return fail(Error::from_errno(errno, "installing a signal stack"));
        }
        previous_ = current;
        mapping_ = std::move(mapping);
        return {};
    }

private:
    Mapping mapping_;
    stack_t previous_{};
};

}  // namespace

Result<void, Error> ensure_signal_stack() {
    thread_local SignalStack stack;
    return stack.ensure();
}

}  // namespace wasmax::runtime
