// Every system call with hostile arguments: none may touch a byte outside the guest's memory (run
// this with AddressSanitizer), crash, hang, or report a result it could not deliver.

#include <fcntl.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/direct.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"
#include "wasix/import_table.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kEnd = Guest::kMemoryBytes;

/// Calls that leave the guest do not come back to a native caller.
bool leaves(const Syscall& row) { return row.results == "(ProcessExit)"; }

/// Would wait for longer than a test: thread_sleep with a hostile duration sleeps for years.
bool sleeps(const Syscall& row) { return row.name == "thread_sleep"; }

std::vector<const Syscall*> callable() {
    std::vector<const Syscall*> rows;
    for (const Syscall& row : syscalls()) {
        if (!leaves(row) && !sleeps(row)) {
            rows.push_back(&row);
        }
    }
    return rows;
}

bool is_errno(std::uint32_t value) {
    return std::string_view(to_string(static_cast<Errno>(value))) != "unknown" ||
           value == static_cast<std::uint32_t>(Errno::unknown);
}

/// The guest has a socket that never blocks (3) and a pipe's two ends (4, 5), so that more than the
/// look-up of descriptors is reached.
class Hostile : public testing::Test {
protected:
    Hostile() : guest_(io_, options()) {
        EXPECT_EQ(guest_.call("fd_dup2", 0, 3, 0, 0x10), Errno::success);
    }
    static ProcessOptions options() {
        ProcessOptions options;
        options.args = {"hostile", "argument"};
        options.env = {"KEY=VALUE"};
        options.stdio = {null(), null(), null()};
        options.preopens = {};
        options.network = Network::all;
        return options;
    }
    static int null() {
        static const UniqueFd fd(::open("/dev/null", O_RDWR | O_CLOEXEC));
        return fd.get();
    }

    void expect_errno(const Syscall& row, const std::vector<std::uint64_t>& arguments) {
        const std::uint32_t result = guest_.call_row(row, arguments);
        if (row.results == "(Nothing)") {
            return;
        }
        const bool negative = row.results == "(TidOrErrno)";
        EXPECT_TRUE(is_errno(negative ? 0U - result : result)) << row.name << " gave " << result;
    }

    io::DirectBackend io_;
    Guest guest_;
};

TEST_F(Hostile, EveryArgumentTheSame) {
    for (const Syscall* row : callable()) {
        const std::size_t count = row->type().parameters.size();
        for (const std::uint64_t value :
             {std::uint64_t{0}, std::uint64_t{0xffff'ffff}, ~std::uint64_t{0},
              std::uint64_t{kEnd - 1}, std::uint64_t{kEnd}, std::uint64_t{0x8000'0000},
              std::uint64_t{0xdead'beef'ffff'fff8}}) {
            expect_errno(*row, std::vector<std::uint64_t>(count, value));
        }
    }
}

TEST_F(Hostile, OneBadArgumentAmongGoodOnes) {
    const std::vector<std::uint64_t> bad{0xffff'ffff, 0xffff'fffc, kEnd - 1,    kEnd,
                                         kEnd + 1,    0x8000'0000, 0x2000'0000, ~std::uint64_t{0}};
    for (const Syscall* row : callable()) {
        const std::size_t count = row->type().parameters.size();
        for (std::size_t position = 0; position < count; ++position) {
            for (const std::uint64_t value : bad) {
                std::vector<std::uint64_t> arguments(count, 0x1000);
                arguments[0] = 1;
                arguments[position] = value;
                expect_errno(*row, arguments);
            }
        }
    }
}

/// For rows whose results the native entry stores: a result that cannot be delivered is an error.
TEST_F(Hostile, ResultsOutsideTheMemoryAreViolations) {
    for (const Syscall* row : callable()) {
        const bool stub = row->status == Status::nosys || row->status == Status::notsup;
        if (stub || row->results == "()" || row->results == "(Nothing)") {
            continue;
        }
        const std::size_t count = row->type().parameters.size();
        std::vector<std::uint64_t> arguments(count, 0);
        arguments.back() = kEnd;
        EXPECT_EQ(static_cast<Errno>(guest_.call_row(*row, arguments)), Errno::memviolation)
            << row->name;
        arguments.back() = 0xffff'ffff;
        EXPECT_EQ(static_cast<Errno>(guest_.call_row(*row, arguments)), Errno::memviolation)
            << row->name;
    }
}

TEST_F(Hostile, NoMemoryAtAll) {
    guest_.drop_memory();
    for (const Syscall* row : callable()) {
        const std::size_t count = row->type().parameters.size();
        expect_errno(*row, std::vector<std::uint64_t>(count, 0));
        expect_errno(*row, std::vector<std::uint64_t>(count, 1));
    }
    EXPECT_EQ(guest_.call("args_sizes_get", 0, 4), Errno::memviolation);
}

/// Iovecs that point anywhere, in a memory of random bytes.
TEST_F(Hostile, RandomArgumentsInRandomMemory) {
    std::mt19937_64 random(20'240'501);
    const std::vector<const Syscall*> rows = callable();
    for (std::uint32_t address = 0; address < kEnd; address += 8) {
        // Small numbers are likelier: descriptors, counts, tags.
        const std::uint64_t bits = random();
        guest_.store(address, bits >> (bits % 64));
    }
    for (int i = 0; i < 20'000; ++i) {
        const Syscall& row = *rows[random() % rows.size()];
        std::vector<std::uint64_t> arguments(row.type().parameters.size());
        for (std::uint64_t& argument : arguments) {
            const std::uint64_t bits = random();
            argument = bits >> (bits % 64);
        }
        if (row.name == "sock_listen" || row.name == "sock_connect" || row.name == "sock_accept" ||
            row.name == "sock_accept_v2" || row.name == "sock_bind" || row.name == "sock_send_to" ||
            row.name == "fd_read" || row.name == "sock_recv" || row.name == "sock_recv_from" ||
            row.name == "tty_set") {
            continue;  // could reach the outside, or wait for it
        }
        expect_errno(row, arguments);
    }
}

}  // namespace
}  // namespace wasmax::wasix
