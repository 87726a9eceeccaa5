#include "runtime/trap_handler.h"

#include <signal.h>
#include <sys/ucontext.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "abi/trap.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/impl/enter.h"
#include "runtime/impl/region_map.h"
#include "runtime/thread.h"

// Everything below that the handler reaches is async-signal-safe: no lock, no allocation, no object
// with a destructor that matters. Limit of this file: 150 lines.

namespace wasmax::runtime {
namespace {

constexpr std::array kSignals{SIGSEGV, SIGBUS, SIGILL};
/// Below a stack's end: what stack probes of large frames may touch first.
constexpr std::uint64_t kStackGuardBytes = kMiB;

constinit thread_local std::atomic<TrapScope*> t_scope{nullptr};
// Written once by install_trap_handler() before our handler can run.
constinit std::array<struct sigaction, kSignals.size()> g_previous{};

/// `ud1 code(%eax), %eax`: what llvm.ubsantrap(code) becomes.
std::optional<abi::TrapCode> trap_instruction(std::uintptr_t pc, const Region& code) {
    constexpr std::array<std::uint8_t, 4> kOpcode{0x67, 0x0f, 0xb9, 0x40};
    if (code.end - pc <= kOpcode.size()) {
        return std::nullopt;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register of the interrupted code.
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(pc);
    if (!std::equal(kOpcode.begin(), kOpcode.end(), bytes) || !abi::is_trap_code(bytes[4])) {
        return std::nullopt;
    }
    return static_cast<abi::TrapCode>(bytes[4]);
}

/// The trap a fault of wasm code at `address` is, if any.
std::optional<abi::TrapCode> fault(std::uintptr_t address, const RegionMap& regions,
                                   const ThreadState& thread) {
    if (const Region* region = regions.find(address)) {
        switch (region->kind) {
            case RegionKind::memory:
                return abi::TrapCode::memory_out_of_bounds;
            case RegionKind::table:
                return abi::TrapCode::undefined_element;
            case RegionKind::code:
                return std::nullopt;
        }
    }
    if (address < kHostPageBytes) {
        return abi::TrapCode::null_reference;
    }
    const std::uintptr_t guard = thread.stack.low - kStackGuardBytes;
    if (address >= guard && address < thread.stack.high) {
        return abi::TrapCode::stack_exhausted;
    }
    return std::nullopt;
}

std::optional<abi::TrapCode> classify(int signal, const siginfo_t& info, std::uintptr_t pc,
                                      const ThreadState& thread) {
    const RegionReader regions;
    const Region* code = regions->find(pc);
    if (code == nullptr || code->kind != RegionKind::code || info.si_code <= 0) {
        return std::nullopt;
    }
    if (signal == SIGILL) {
        return trap_instruction(pc, *code);
    }
    if (info.si_code == SI_KERNEL) {  // without an address
        return std::nullopt;
    }
    return fault(reinterpret_cast<std::uintptr_t>(info.si_addr), *regions, thread);
}

/// What would have happened without us.
void chain(int signal, siginfo_t* info, void* context) {
    const auto index = std::find(kSignals.begin(), kSignals.end(), signal) - kSignals.begin();
    const struct sigaction& previous = g_previous[static_cast<std::size_t>(index)];
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
    } else if (info->si_code > 0 || previous.sa_handler == SIG_DFL) {
        // The default action, at the faulting instruction; a signal that was sent is sent again.
        struct sigaction standard{};
        standard.sa_handler = SIG_DFL;
        sigaction(signal, &standard, nullptr);
        if (info->si_code <= 0) {
            raise(signal);
        }
    }
}

std::uintptr_t pc_of(const void* context) {
    return static_cast<std::uintptr_t>(
        static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
}

void land(const TrapScope& scope, abi::TrapCode code, void* context) {
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    record_trap(*scope.thread, code, pc_of(context),
                static_cast<std::uintptr_t>(registers[REG_RBP]));
    registers[REG_RIP] = reinterpret_cast<greg_t>(&wasmax_runtime_landing_pad);
    registers[REG_RSP] = reinterpret_cast<greg_t>(scope.landing_stack);
    registers[REG_RAX] = static_cast<greg_t>(Landing::trapped);
}

void handle(int signal, siginfo_t* info, void* context) {
    if (const TrapScope* scope = t_scope.load(std::memory_order_relaxed)) {
        if (const auto code = classify(signal, *info, pc_of(context), *scope->thread)) {
            land(*scope, *code, context);
            return;
        }
    }
    chain(signal, info, context);
}

Result<void, Error> install() {
    for (std::size_t index = 0; index < kSignals.size(); ++index) {
        struct sigaction action{};
        action.sa_sigaction = handle;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        if (sigaction(kSignals[index], nullptr, &g_previous[index]) != 0 ||
            sigaction(kSignals[index], &action, nullptr) != 0) {
            return fail(Error::from_errno(errno, "installing the trap handler"));
        }
    }
    return {};
}

}  // namespace

std::atomic<TrapScope*>& current_trap_scope() noexcept { return t_scope; }

bool is_in_wasm(const void* context) noexcept {
    const RegionReader regions;
    const Region* region = regions->find(pc_of(context));
    return region != nullptr && region->kind == RegionKind::code;
}

bool land_if_in_wasm(abi::TrapCode code, void* context) noexcept {
    const TrapScope* scope = t_scope.load(std::memory_order_relaxed);
    if (scope == nullptr || !is_in_wasm(context)) {
        return false;
    }
    land(*scope, code, context);
    return true;
}

Result<void, Error> install_trap_handler() {
    static const Result<void, Error> installed = install();
    return installed;
}

}  // namespace wasmax::runtime
