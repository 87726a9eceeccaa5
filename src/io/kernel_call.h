#pragma once

namespace wasmax::io {

/// Told when the thread it was set for enters and leaves the kernel, so that a call's time can be
/// split. io knows no more about who listens.
class KernelObserver {
public:
    KernelObserver() = default;
    virtual ~KernelObserver() = default;
    KernelObserver(const KernelObserver&) = delete;
    KernelObserver& operator=(const KernelObserver&) = delete;
    virtual void enter() = 0;
    virtual void leave() = 0;
};

/// Of the calling thread; null: nobody listens. A parameter of every kernel call would cost more.
inline constinit thread_local KernelObserver* kernel_observer = nullptr;

/// Surrounds a call into the kernel: Backend::run has one, and so have handlers that ask the kernel
/// themselves. Costs a load and a branch when nobody listens. Leaves errno alone.
class KernelCall {
public:
    KernelCall() : observer_(kernel_observer) {
        if (observer_ != nullptr) [[unlikely]] {
            observer_->enter();
        }
    }
    ~KernelCall() {
        if (observer_ != nullptr) [[unlikely]] {
            observer_->leave();
        }
    }
    KernelCall(const KernelCall&) = delete;
    KernelCall& operator=(const KernelCall&) = delete;

private:
    KernelObserver* observer_;
};

}  // namespace wasmax::io
