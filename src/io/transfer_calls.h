#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace wasmax::io {

// The kernel's calls for one buffer. Result: bytes, or an error number less than zero; `errno` is
// not touched. posix: read, write, pread, pwrite, recvfrom, sendto
//
// By the instruction, where there is no sanitizer: libc's functions are points where a thread can
// be cancelled, which nobody does here, and in a process that ever had a second thread they say so
// before and after the call with an atomic read-modify-write each.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) || \
    __has_feature(memory_sanitizer)
#define WASMAX_CALLS_THROUGH_LIBC 1
#endif
#endif

// NOLINTBEGIN(readability-function-size): as many parameters as the kernel's calls have.

#ifdef WASMAX_CALLS_THROUGH_LIBC

/// Sanitizers learn from libc's functions which bytes the kernel wrote, and what happened before.
inline ssize_t result_of(ssize_t result) { return result < 0 ? -errno : result; }

inline ssize_t read_call(int fd, void* bytes, std::size_t count) {
    return result_of(::read(fd, bytes, count));
}
inline ssize_t write_call(int fd, const void* bytes, std::size_t count) {
    return result_of(::write(fd, bytes, count));
}
inline ssize_t pread_call(int fd, void* bytes, std::size_t count, std::int64_t offset) {
    return result_of(::pread(fd, bytes, count, offset));
}
inline ssize_t pwrite_call(int fd, const void* bytes, std::size_t count, std::int64_t offset) {
    return result_of(::pwrite(fd, bytes, count, offset));
}
/// `address` and `address_bytes` are null if the sender does not matter.
inline ssize_t receive_call(int fd, void* bytes, std::size_t count, int flags, sockaddr* address,
                            socklen_t* address_bytes) {
    return result_of(::recvfrom(fd, bytes, count, flags, address, address_bytes));
}
/// `address` is null for the connected peer.
inline ssize_t send_call(int fd, const void* bytes, std::size_t count, int flags,
                         const sockaddr* address, socklen_t address_bytes) {
    return result_of(::sendto(fd, bytes, count, flags, address, address_bytes));
}

#else

// linux: syscall(2), x86-64: the number and the result in rax; rcx and r11 are lost.
// NOLINTBEGIN(misc-const-correctness): registers that the instruction reads and writes.

[[gnu::always_inline]] inline ssize_t kernel_call(long number, int fd, const void* bytes,
                                                  std::size_t count) {
    ssize_t result = number;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(static_cast<long>(fd)), "S"(bytes), "d"(count)
                 : "rcx", "r11", "memory");
    return result;
}
[[gnu::always_inline]] inline ssize_t kernel_call(long number, int fd, const void* bytes,
                                                  std::size_t count, std::int64_t fourth) {
    ssize_t result = number;
    register std::int64_t r10 asm("r10") = fourth;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(static_cast<long>(fd)), "S"(bytes), "d"(count), "r"(r10)
                 : "rcx", "r11", "memory");
    return result;
}
/// What is said about an address to send to or receive from.
template <class Address, class Length>
[[gnu::always_inline]] inline ssize_t kernel_call(long number, int fd, const void* bytes,
                                                  std::size_t count, int flags, Address address,
                                                  Length length) {
    ssize_t result = number;
    register long r10 asm("r10") = flags;
    register Address r8 asm("r8") = address;
    register Length r9 asm("r9") = length;
    asm volatile("syscall"
                 : "+a"(result)
                 : "D"(static_cast<long>(fd)), "S"(bytes), "d"(count), "r"(r10), "r"(r8), "r"(r9)
                 : "rcx", "r11", "memory");
    return result;
}

// NOLINTEND(misc-const-correctness)

inline ssize_t read_call(int fd, void* bytes, std::size_t count) {
    return kernel_call(SYS_read, fd, bytes, count);
}
inline ssize_t write_call(int fd, const void* bytes, std::size_t count) {
    return kernel_call(SYS_write, fd, bytes, count);
}
inline ssize_t pread_call(int fd, void* bytes, std::size_t count, std::int64_t offset) {
    return kernel_call(SYS_pread64, fd, bytes, count, offset);
}
inline ssize_t pwrite_call(int fd, const void* bytes, std::size_t count, std::int64_t offset) {
    return kernel_call(SYS_pwrite64, fd, bytes, count, offset);
}
/// `address` and `address_bytes` are null if the sender does not matter.
inline ssize_t receive_call(int fd, void* bytes, std::size_t count, int flags, sockaddr* address,
                            socklen_t* address_bytes) {
    return kernel_call(SYS_recvfrom, fd, bytes, count, flags, address, address_bytes);
}
/// `address` is null for the connected peer.
inline ssize_t send_call(int fd, const void* bytes, std::size_t count, int flags,
                         const sockaddr* address, socklen_t address_bytes) {
    return kernel_call(SYS_sendto, fd, bytes, count, flags, address,
                       static_cast<unsigned long>(address_bytes));
}

#endif

// NOLINTEND(readability-function-size)

}  // namespace wasmax::io
