#include "runtime/thread.h"

#include <cpuid.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/impl/builtins.h"
#include "runtime/impl/enter.h"
#include "runtime/impl/signal_stack.h"
#include "runtime/instance.h"
#include "runtime/mapping.h"
#include "runtime/store.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {
namespace {

/// A guest with less is refused: it could not even start.
constexpr std::uint64_t kMinStackBytes = 64 * kKiB;
/// Behind the stack of threads we make: what frames may skip, were they not probed.
constexpr std::uint64_t kGuardBytes = kMiB;

/// Of a main thread with an unlimited or larger stack, where its extent cannot be read.
constexpr std::uint64_t kAssumedStackBytes = 8 * kMiB;

struct StackBounds {
    std::uintptr_t low;
    std::uintptr_t high;
};

/// Of the main thread where there is no /proc, which pthread_getattr_np reads: in an empty chroot.
/// The program's name stands at the stack's upper end, and the stack grows down to its limit.
/// linux: getauxval(3), setrlimit(2)
std::optional<StackBounds> main_stack_bounds() {
    const std::uintptr_t high = ::getauxval(AT_EXECFN);
    rlimit limit{};
    if (high == 0 || ::getrlimit(RLIMIT_STACK, &limit) != 0) {
        return std::nullopt;
    }
    const std::uint64_t bytes = std::min<std::uint64_t>(limit.rlim_cur, kAssumedStackBytes);
    return StackBounds{.low = high - bytes + kHostPageBytes, .high = high};
}

Result<StackBounds, Error> stack_bounds() {
    pthread_attr_t attributes;
    if (const int error = pthread_getattr_np(pthread_self(), &attributes); error != 0) {
        const bool is_main = ::getpid() == ::gettid();
        const auto bounds = is_main ? main_stack_bounds() : std::nullopt;
        if (!bounds) {
            return fail(Error::from_errno(error, "finding this thread's stack"));
        }
        return *bounds;
    }
    void* base = nullptr;
    std::size_t bytes = 0;
    const int error = pthread_attr_getstack(&attributes, &base, &bytes);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        return fail(Error::from_errno(error, "finding this thread's stack"));
    }
    const auto low = reinterpret_cast<std::uintptr_t>(base);
    return StackBounds{.low = low, .high = low + bytes};
}

std::uintptr_t here() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

/// Whether stack_check can save the vector registers of this CPU in kXsaveBytes.
bool can_save_registers() {
    constexpr unsigned kXsaveLeaf = 0xd;
    unsigned eax = 0;
    unsigned ebx = 0;
    unsigned ecx = 0;
    unsigned edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0 || (ecx & bit_OSXSAVE) == 0) {
        return false;
    }
    for (unsigned component = 2; component < 32; ++component) {
        if (((kXsaveComponents >> component) & 1) != 0 &&
            __get_cpuid_count(kXsaveLeaf, component, &eax, &ebx, &ecx, &edx) != 0 &&
            ebx + eax > kXsaveBytes) {  // offset and size, both 0 when the CPU does not have it
            return false;
        }
    }
    return true;
}

constexpr const char* kStarting = "starting a thread for the guest";

Result<pthread_t, Error> create_thread(Bytes stack, std::function<void()> body) {
    pthread_attr_t attributes;
    if (const int error = ::pthread_attr_init(&attributes); error != 0) {
        return fail(Error::from_errno(error, kStarting));
    }
    // What body() and its callers use before the guest starts comes on top.
    const std::uint64_t bytes = align_up(stack.count + 2 * kHostStackBytes, kHostPageBytes);
    int error = ::pthread_attr_setstacksize(&attributes, bytes + kGuardBytes);
    if (error == 0) {
        error = ::pthread_attr_setguardsize(&attributes, kGuardBytes);
    }
    auto owned = std::make_unique<std::function<void()>>(std::move(body));
    pthread_t thread{};
    if (error == 0) {
        error = ::pthread_create(
            &thread, &attributes,
            [](void* argument) -> void* {
                const std::unique_ptr<std::function<void()>> mine(
                    static_cast<std::function<void()>*>(argument));
                (*mine)();
                return nullptr;
            },
            owned.get());
    }
    ::pthread_attr_destroy(&attributes);
    if (error != 0) {
        return fail(Error::from_errno(error, kStarting));
    }
    // NOLINTNEXTLINE(bugprone-unused-return-value): the new thread's.
    (void)owned.release();
    return thread;
}

/// The scope to land in. Native code may end only the guest that called it.
TrapScope& innermost_scope(const ThreadState& thread) {
    TrapScope* scope = current_trap_scope().load(std::memory_order_relaxed);
    WASMAX_ASSERT(scope != nullptr && scope->thread == &thread);
    return *scope;
}

}  // namespace

ThreadState::ThreadState(Store& of, const Stack& bounds, Mapping context_array, Mapping spill_area)
    : store(of),
      stack(bounds),
      contexts(reinterpret_cast<abi::VmContext**>(context_array.base())),
      contexts_(std::move(context_array)),
      spill_(std::move(spill_area)) {
    bind(host_context_, 0);
}

ThreadState::~ThreadState() { store.add_exceptions(exceptions.take_kept()); }

Instance& ThreadState::own(std::unique_ptr<Instance> instance) {
    return *instances_.emplace_back(std::move(instance));
}

void ThreadState::bind(abi::VmContext& context, std::uint32_t number) {
    context.stack_limit.store(stack.limit, std::memory_order_relaxed);
    context.contexts = contexts;
    context.thread = this;
    context.builtins = kBuiltins.data();
    context.spill = spill_.base();
    contexts[number] = &context;
    if (number >= context_count_.load(std::memory_order_relaxed)) {
        context_count_.store(number + 1, std::memory_order_release);
    }
}

void ThreadState::visit_at_next_call() noexcept {
    constexpr std::uintptr_t kAlways = ~std::uintptr_t{0};
    const std::uint32_t count = context_count_.load(std::memory_order_acquire);
    for (std::uint32_t number = 0; number < count; ++number) {
        if (abi::VmContext* const context = contexts[number]) {
            context->stack_limit.store(kAlways, std::memory_order_relaxed);
        }
    }
}

void ThreadState::use_stack(const Stack& next) noexcept {
    stack = next;
    const std::uint32_t count = context_count_.load(std::memory_order_relaxed);
    for (std::uint32_t number = 0; number < count; ++number) {
        if (abi::VmContext* const context = contexts[number]) {
            context->stack_limit.store(next.limit, std::memory_order_relaxed);
        }
    }
    if (interruption.is_requested()) [[unlikely]] {
        visit_at_next_call();  // which a signal may have asked for meanwhile
    }
}

Result<std::unique_ptr<ThreadState>, Error> ThreadState::create(Store& store,
                                                                const ThreadOptions& options) {
    if (!can_save_registers()) {
        return fail(Error::unsupported("this CPU lacks XSAVE, which wasmax needs"));
    }
    TRY(install_trap_handler());
    TRY(install_interrupt_handler());
    TRY(ensure_signal_stack());
    const StackBounds bounds = TRY(stack_bounds());
    const std::uintptr_t now = here();
    const std::uintptr_t wanted = now - std::min<std::uint64_t>(options.stack.count, now);
    const std::uintptr_t limit = std::max(wanted, bounds.low + kHostStackBytes);
    if (limit + kMinStackBytes > now) {
        return fail(Error::limit("this thread has " + std::to_string((now - bounds.low) / kKiB) +
                                 " KiB of stack left, too little to run a guest"));
    }
    Mapping contexts =
        TRY(Mapping::anonymous(kMaxInstances * sizeof(abi::VmContext*), Mapping::Access::read_write,
                               "reserving a thread's contexts"));
    Mapping spill = TRY(Mapping::anonymous(abi::kSpillBytes, Mapping::Access::read_write,
                                           "allocating a thread's spill area"));
    // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private.
    return std::unique_ptr<ThreadState>(
        new ThreadState(store, {.limit = limit, .low = bounds.low, .high = bounds.high},
                        std::move(contexts), std::move(spill)));
}

// Neither leave() nor raise_trap() returns, so sanitizers must not count a call of theirs.
[[clang::disable_sanitizer_instrumentation]] void leave(ThreadState& thread,
                                                        std::uint64_t reason) noexcept {
    TrapScope& scope = innermost_scope(thread);
    scope.reason = reason;
    wasmax_runtime_land(scope.landing_stack, Landing::left);
}

[[clang::disable_sanitizer_instrumentation]] void raise_trap(ThreadState& thread,
                                                             abi::TrapCode code) noexcept {
    const TrapScope& scope = innermost_scope(thread);
    record_trap(thread, code, 0, here());
    wasmax_runtime_land(scope.landing_stack, Landing::trapped);
}

[[clang::disable_sanitizer_instrumentation]] void raise_recorded_trap(
    ThreadState& thread) noexcept {
    wasmax_runtime_land(innermost_scope(thread).landing_stack, Landing::trapped);
}

Result<void, Error> start_thread(Bytes stack, std::function<void()> body) {
    const pthread_t thread = TRY(create_thread(stack, std::move(body)));
    ::pthread_detach(thread);
    return {};
}

Result<void, Error> run_with_stack(Bytes stack, const std::function<void()>& body) {
    const StackBounds bounds = TRY(stack_bounds());
    if (here() - bounds.low >= stack.count + kHostStackBytes) {
        body();
        return {};
    }
    const pthread_t thread = TRY(create_thread(stack, body));
    if (const int error = ::pthread_join(thread, nullptr); error != 0) {
        return fail(Error::from_errno(error, kStarting));
    }
    return {};
}

}  // namespace wasmax::runtime
