// Every system call with hostile arguments: none may touch a byte outside the guest's memory (run
// this with AddressSanitizer), crash, hang, or succeed without delivering its result.

#include "unit/wasix/hostile.h"

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/import_table.h"

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kEnd = Guest::kMemoryBytes;

class Hostile : public testing::Test {
protected:
    /// From guests of both kinds.
    void expect_errno(const Syscall& row, const std::vector<std::uint64_t>& arguments) {
        for (const AddressWidth width : {AddressWidth::bits32, AddressWidth::bits64}) {
            const std::uint32_t result = guest_->call_row(row, arguments, width);
            EXPECT_TRUE(is_result_of(row, result)) << row.name << " gave " << result;
        }
    }

    HarmlessGuest guest_;
    const std::vector<const Syscall*> rows_ = harmless_rows();
};

TEST_F(Hostile, EveryArgumentTheSame) {
    for (const Syscall* row : rows_) {
        const std::size_t count = row->narrow.type().parameters.size();
        for (const std::uint64_t value :
             {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{0xffff'ffff}, ~std::uint64_t{0},
              std::uint64_t{kEnd - 1}, std::uint64_t{kEnd}, std::uint64_t{0x8000'0000},
              std::uint64_t{0xdead'beef'ffff'fff8}}) {
            expect_errno(*row, std::vector<std::uint64_t>(count, value));
        }
    }
}

TEST_F(Hostile, OneBadArgumentAmongGoodOnes) {
    const std::vector<std::uint64_t> bad{0xffff'ffff, 0xffff'fffc, kEnd - 1,    kEnd,
                                         kEnd + 1,    0x8000'0000, 0x2000'0000, ~std::uint64_t{0}};
    for (const Syscall* row : rows_) {
        const std::size_t count = row->narrow.type().parameters.size();
        for (std::size_t position = 0; position < count; ++position) {
            for (const std::uint64_t value : bad) {
                for (const std::uint64_t fd : {std::uint64_t{1}, std::uint64_t{3}}) {
                    std::vector<std::uint64_t> arguments(count, 0x1000);
                    arguments[0] = fd;
                    arguments[position] = value;
                    expect_errno(*row, arguments);
                }
            }
        }
    }
}

/// For rows whose results the native entry stores: a result that cannot be delivered is an error.
TEST_F(Hostile, ResultsOutsideTheMemoryAreViolations) {
    for (const Syscall* row : rows_) {
        const bool stub = row->status == Status::nosys || row->status == Status::notsup;
        if (stub || row->results == "()" || row->results == "(Nothing)" ||
            row->results == "(TidOrErrno)" || row->results == "(ContextSwitch)") {
            continue;
        }
        const std::size_t count = row->narrow.type().parameters.size();
        std::vector<std::uint64_t> arguments(count, 0);
        for (const std::uint64_t address : {std::uint64_t{kEnd}, std::uint64_t{0xffff'ffff}}) {
            arguments.back() = address;
            for (const AddressWidth width : {AddressWidth::bits32, AddressWidth::bits64}) {
                EXPECT_EQ(static_cast<Errno>(guest_->call_row(*row, arguments, width)),
                          Errno::memviolation)
                    << row->name;
            }
        }
    }
}

TEST_F(Hostile, NoMemoryAtAll) {
    guest_->drop_memory();
    for (const Syscall* row : rows_) {
        const std::size_t count = row->narrow.type().parameters.size();
        expect_errno(*row, std::vector<std::uint64_t>(count, 0));
        expect_errno(*row, std::vector<std::uint64_t>(count, 1));
        expect_errno(*row, std::vector<std::uint64_t>(count, 3));
    }
    EXPECT_EQ(guest_->call("args_sizes_get", 0, 4), Errno::memviolation);
}

/// Structs that say anything, in a memory of random bytes. tests/fuzz/syscalls_fuzz.cpp goes on.
TEST_F(Hostile, RandomArgumentsInRandomMemory) {
    std::mt19937_64 random(20'240'501);
    const auto draw = [&] {  // small numbers are likelier: descriptors, counts, tags
        const std::uint64_t bits = random();
        return bits >> (random() % 64);
    };
    for (std::uint32_t address = 0; address < kEnd; address += 8) {
        guest_->store(address, draw());
    }
    for (int i = 0; i < 50'000; ++i) {
        const Syscall& row = *rows_[random() % rows_.size()];
        std::vector<std::uint64_t> arguments(row.narrow.type().parameters.size());
        for (std::uint64_t& argument : arguments) {
            argument = draw();
        }
        expect_errno(row, arguments);
    }
}

}  // namespace
}  // namespace wasmax::wasix
