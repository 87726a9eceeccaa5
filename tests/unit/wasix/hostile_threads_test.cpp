// A guest that has been granted files and the network, and is hostile: it calls everything with
// random arguments from several threads, while another rewrites what they point to and the memory
// grows. Nothing may crash (run this with the sanitizers), touch a byte outside the memory, or tell
// the guest what is in the host's memory.

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/vm_context.h"
#include "io/backend.h"
#include "io/direct.h"
#include "io/operation.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "unit/wasix/guest.h"
#include "unit/wasix/hostile.h"
#include "wasix/import_table.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"
#include "wasix/thread.h"

/// Guest threads may race for their own memory: a handler copies what it looks at, and whatever it
/// copied is checked. So races are no find where a handler or the kernel copies to and from it.
extern "C" const char* __tsan_default_suppressions();   // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __tsan_default_suppressions() {  // NOLINT(bugprone-reserved-identifier)
    return "race:wasmax::wasix::GuestMemory\n"
           "race:wasi_snapshot_preview1::random_get\n"
           "race:wasix_32v1::getcwd\n"
           "race:wasix_32v1::port_addr_list\n"
           "race:wasmax::io::perform\n";
}

namespace wasmax::wasix {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kStartBytes = 65536;
constexpr std::size_t kMostBytes = 8 * kStartBytes;
/// What the host's stack and heap hold where nothing else was written, and guests never write.
constexpr std::uint8_t kSecret = 0x5e;
constexpr auto kAllocated = static_cast<std::uint8_t>(~kSecret);  // by M_PERTURB
constexpr std::size_t kRun = 3;  // so many in a row are no coincidence

/// Never waits, whatever several threads do with one descriptor: nothing blocks again afterwards.
class HastyBackend final : public io::Backend {
private:
    Result<std::size_t, io::HostErrno> attempt(const io::Operation& operation) override {
        return std::visit(
            [this]<class Kind>(const Kind& chosen) {
                if constexpr (std::same_as<Kind, io::Poll>) {
                    return direct_.run(io::Poll{chosen.entries, io::kImmediately});
                } else {
                    if constexpr (!std::same_as<Kind, io::Close>) {
                        ::fcntl(chosen.fd, F_SETFL, ::fcntl(chosen.fd, F_GETFL) | O_NONBLOCK);
                    }
                    return direct_.run(chosen);
                }
            },
            operation);
    }

    io::DirectBackend direct_;
};

/// Not those that could wait, now that something may come to wait for.
std::vector<const Syscall*> rows_that_return() {
    constexpr std::array<std::string_view, 5> kMayWait{"futex_wait", "fd_fdstat_set_flags",
                                                       "sock_set_opt_flag", "thread_join",
                                                       "proc_raise_interval2"};
    std::vector<const Syscall*> rows = harmless_rows();
    std::erase_if(rows, [&](const Syscall* row) {
        return std::find(kMayWait.begin(), kMayWait.end(), row->name) != kMayWait.end();
    });
    return rows;
}

/// Memory between pages that nobody may touch.
class GuardedMemory {
public:
    GuardedMemory() {
        void* const all = ::mmap(nullptr, kMostBytes + 2 * kPage, PROT_NONE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        base_ = static_cast<std::byte*>(all) + kPage;
        EXPECT_EQ(::mprotect(base_, kMostBytes, PROT_READ | PROT_WRITE), 0);
    }
    GuardedMemory(const GuardedMemory&) = delete;
    GuardedMemory& operator=(const GuardedMemory&) = delete;
    ~GuardedMemory() { ::munmap(base_ - kPage, kMostBytes + 2 * kPage); }
    [[nodiscard]] std::byte* base() const { return base_; }

private:
    std::byte* base_;
};

class GrantedGuest {
public:
    GrantedGuest()
        : directory_(std::filesystem::temp_directory_path() /
                     ("wasmax-granted-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(directory_ / "d");
        ProcessOptions options;
        options.stdio = {-1, -1, -1};
        options.preopens = {{directory_.string(), "/", false}};
        options.network = Network::all;
        const auto rules = NetRules::parse("ipv4:allow=127.0.0.1:7990-7999");
        EXPECT_TRUE(rules.has_value());
        options.net_policy = std::make_shared<NetPolicy>(*rules);
        options.max_fds = 200;
        auto process = Process::create(std::move(options), io_);
        EXPECT_TRUE(process.has_value());
        process_ = std::move(*process);
        // No file, and so no disk, gets large.
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit small{std::size_t{1} << 20, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &small);
        before_action_ = std::signal(SIGXFSZ, SIG_IGN);
    }
    GrantedGuest(const GrantedGuest&) = delete;
    GrantedGuest& operator=(const GrantedGuest&) = delete;
    ~GrantedGuest() {
        process_.reset();
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, before_action_);
        std::filesystem::remove_all(directory_);
    }

    Process& process() { return *process_; }
    runtime::Store& store() { return store_; }
    abi::MemoryState& state() { return state_; }

private:
    const std::filesystem::path directory_;
    HastyBackend io_;
    GuardedMemory memory_;
    abi::MemoryState state_{memory_.base(), kStartBytes};
    runtime::Store store_;
    std::unique_ptr<Process> process_;
    rlimit before_{};
    void (*before_action_)(int) = nullptr;
};

/// One of its threads, on the host thread that makes this.
class Side {
public:
    Side(GrantedGuest& guest, std::int32_t tid, std::uint64_t seed)
        : random_(seed), thread_{guest.process(), Tid{tid}} {
        auto state = runtime::ThreadState::create(guest.store());
        EXPECT_TRUE(state.has_value());
        state_ = std::move(*state);
        state_->host = &thread_;
        context_.memory_base = guest.state().base;
        context_.memory0 = &guest.state();
        context_.thread = state_.get();
    }

    /// Small numbers are likelier: descriptors, counts, tags. Never a byte of a secret.
    std::uint64_t draw() {
        std::uint64_t value = random_() >> (random_() % 64);
        for (unsigned byte = 0; byte < 64; byte += 8) {
            const auto bits = static_cast<std::uint8_t>(value >> byte);
            if (bits == kSecret || bits == kAllocated) {
                value ^= std::uint64_t{1} << byte;
            }
        }
        return value;
    }
    std::uint32_t call(const Syscall& row) {
        std::array<std::uint64_t, Guest::kMaxParameters> arguments;
        const std::size_t count = row.narrow.type().parameters.size();
        for (std::size_t i = 0; i < count; ++i) {
            arguments[i] = i == 0 ? random_() % 16 : draw() % (2 * kStartBytes);
            if (random_() % 8 == 0) {
                arguments[i] = draw();
            }
        }
        // Guests have one kind of addresses; what the calls share must not depend on it.
        const SyscallFunction& function = random_() % 4 == 0 ? row.wide : row.narrow;
        return call_n(function, std::span(arguments).first(count),
                      std::make_index_sequence<Guest::kMaxParameters + 1>{});
    }
    std::uint64_t pick(std::uint64_t below) { return random_() % below; }

private:
    template <std::size_t... N>
    std::uint32_t call_n(const SyscallFunction& function, std::span<const std::uint64_t> arguments,
                         std::index_sequence<N...> /*counts*/) {
        std::uint32_t result = 0;
        const bool called =
            ((arguments.size() == N && (result = call_entry(function.entry, context_, arguments,
                                                            std::make_index_sequence<N>{}),
                                        true)) ||
             ...);
        EXPECT_TRUE(called);
        return result;
    }

    std::mt19937_64 random_;
    Thread thread_;
    std::unique_ptr<runtime::ThreadState> state_;
    abi::VmContext context_{};
};

/// As compiled code does, which no sanitizer sees: guest threads may race for their own memory.
__attribute__((no_sanitize("thread"))) void write_word(std::byte* at, std::uint64_t value) {
    auto* const word = static_cast<volatile std::uint64_t*>(static_cast<void*>(at));
    *word = value;
}

TEST(HostileThreads, NothingBreaks) {
    constexpr int kCallers = 3;
    constexpr int kCalls = 20'000;
    GrantedGuest guest;
    guest.process().files().share_between_threads();
    const std::vector<const Syscall*> rows = rows_that_return();
    std::byte* const base = guest.state().base;
    constexpr std::byte kUntouched{0x77};
    std::memset(base + kMostBytes / 2, static_cast<int>(kUntouched), kMostBytes / 2);
    std::atomic<int> calling = kCallers;
    std::vector<std::thread> threads;
    for (int caller = 0; caller < kCallers; ++caller) {
        threads.emplace_back([&, caller] {
            Side side(guest, 2 + caller, static_cast<std::uint64_t>(caller));
            for (int i = 0; i < kCalls; ++i) {
                const Syscall& row = *rows[side.pick(rows.size())];
                const std::uint32_t result = side.call(row);
                EXPECT_TRUE(is_result_of(row, result)) << row.name << " gave " << result;
            }
            --calling;
        });
    }
    {
        Side side(guest, 1, 99);
        std::size_t bytes = kStartBytes;
        while (calling != 0) {
            for (int i = 0; i < 1000; ++i) {
                write_word(base + side.pick(bytes / 8) * 8, side.draw());
            }
            if (bytes < kMostBytes / 2 && side.pick(100) == 0) {
                bytes += kPage;
                guest.state().bytes.store(bytes, std::memory_order_release);
            }
        }
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    const std::span beyond(base + kMostBytes / 2, kMostBytes / 2);
    EXPECT_TRUE(std::all_of(beyond.begin(), beyond.end(),
                            [](std::byte byte) { return byte == kUntouched; }));
}

/// Where the next call's locals will be.
[[gnu::noinline]] void fill_stack() {
    constexpr std::size_t kBytes = std::size_t{48} * 1024;
    volatile std::uint8_t secret[kBytes];
    for (std::size_t i = 0; i < kBytes; ++i) {
        secret[i] = kSecret;
    }
}

/// The first of kRun secret bytes in a row.
std::optional<std::size_t> find_secret(std::span<const std::byte> bytes) {
    for (const std::uint8_t secret : {kSecret, kAllocated}) {
        const std::vector<std::byte> run(kRun, std::byte{secret});
        const void* const found = ::memmem(bytes.data(), bytes.size(), run.data(), run.size());
        if (found != nullptr) {
            return static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
        }
    }
    return std::nullopt;
}

/// What a handler that forgets to initialise its result would do.
[[gnu::noinline]] void tell_uninitialised(std::span<std::byte> guest) {
    std::byte local[256];
    asm volatile("" : : "r"(local) : "memory");
    std::memcpy(guest.data(), local, sizeof local);
}

TEST(HostileThreads, WhatIsToldOfTheStackIsFound) {
#if defined(__has_feature) && __has_feature(address_sanitizer)
    GTEST_SKIP() << "AddressSanitizer keeps locals elsewhere";
#endif
    std::array<std::byte, 256> guest{};
    fill_stack();
    tell_uninitialised(guest);
    EXPECT_NE(find_secret(guest), std::nullopt);
}

TEST(HostileThreads, NothingOfTheHostIsToldToTheGuest) {
    constexpr int kCalls = 15'000;
    GrantedGuest guest;
    Side side(guest, 1, 7);
    const std::vector<const Syscall*> rows = rows_that_return();
    const std::span memory(guest.state().base, kStartBytes);
    ASSERT_EQ(find_secret(memory), std::nullopt);
    ::mallopt(M_PERTURB, kSecret);
    for (int i = 0; i < kCalls; ++i) {
        write_word(memory.data() + side.pick(kStartBytes / 8) * 8, side.draw());
        const Syscall& row = *rows[side.pick(rows.size())];
        fill_stack();
        (void)side.call(row);
        // What is random may look like a secret, at once or with what a later call writes beside
        // it: a hardware address may have such a byte.
        if (row.name == "random_get") {
            std::memset(memory.data(), 0, memory.size());
        }
        if (const auto leak = find_secret(memory)) {
            ADD_FAILURE() << row.name << " told the guest, at " << *leak;
            break;
        }
    }
    ::mallopt(M_PERTURB, 0);
}

}  // namespace
}  // namespace wasmax::wasix
