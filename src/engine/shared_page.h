#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::engine {

/// A value in memory that this process shares with the children it forks. Move-only.
template <class T>
class SharedPage {
public:
    static_assert(std::is_trivially_destructible_v<T>);

    /// Errors: host.
    [[nodiscard]] static Result<SharedPage, Error> create() {
        void* page =  // NOLINT(misc-const-correctness): a T is made there
            ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) {
            return fail(Error::from_errno(errno, "mapping a page to share with a child"));
        }
        return SharedPage(new (page) T);
    }
    SharedPage(SharedPage&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
    SharedPage(const SharedPage&) = delete;
    SharedPage& operator=(const SharedPage&) = delete;
    SharedPage& operator=(SharedPage&&) = delete;
    ~SharedPage() {
        if (value_ != nullptr) {
            ::munmap(value_, sizeof(T));
        }
    }
    T& operator*() const { return *value_; }
    T* operator->() const { return value_; }

private:
    explicit SharedPage(T* value) : value_(value) {}
    T* value_;
};

}  // namespace wasmax::engine
