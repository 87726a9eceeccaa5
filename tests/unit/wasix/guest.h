#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "abi/vm_context.h"
#include "io/backend.h"
#include "io/direct.h"
#include "io/faulty.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/import_table.h"
#include "wasix/process.h"

namespace wasmax::wasix {

/// Calls a native entry as compiled code does. In the C convention each integer argument takes one
/// register or stack slot, whose upper half an i32 leaves undefined: here the guest's worst case.
template <std::size_t... I>
__attribute__((no_sanitize("function"))) std::uint32_t call_entry(
    const void* entry, abi::VmContext& context, std::span<const std::uint64_t> arguments,
    std::index_sequence<I...> /*indices*/) {
    using Entry = std::uint32_t (*)(abi::VmContext*, decltype((void(I), std::uint64_t{}))...);
    return std::bit_cast<Entry>(entry)(&context, arguments[I]...);
}

/// A guest process without code: its memory, and system calls through their native entries.
class Guest {
public:
    static constexpr std::uint32_t kMemoryBytes = 65536;

    explicit Guest(io::Backend& io, ProcessOptions options = {})
        : memory_(kMemoryBytes), state_{memory_.data(), kMemoryBytes} {
        auto process = Process::create(std::move(options), io);
        EXPECT_TRUE(process.has_value());
        process_ = std::move(process).value();
        auto thread = runtime::ThreadState::create(store_);
        EXPECT_TRUE(thread.has_value());
        thread_ = std::move(thread).value();
        process_->attach(*thread_);
        context_.memory_base = memory_.data();
        context_.memory0 = &state_;
        context_.thread = thread_.get();
    }

    Process& process() { return *process_; }
    runtime::Store& store() { return store_; }
    runtime::ThreadState& thread() { return *thread_; }
    void drop_memory() { context_.memory0 = nullptr; }

    /// The errno of `name`, found in wasix_32v1, which has nearly every name.
    template <class... Arguments>
    Errno call(std::string_view name, Arguments... arguments) {
        return call_in("wasix_32v1", name, arguments...);
    }
    template <class... Arguments>
    Errno call_in(std::string_view module, std::string_view name, Arguments... arguments) {
        const Syscall* row = find_syscall(module, name);
        EXPECT_NE(row, nullptr) << name;
        EXPECT_EQ(row->narrow.type().parameters.size(), sizeof...(Arguments)) << name;
        const std::array<std::uint64_t, sizeof...(Arguments)> values{widen(arguments)...};
        return static_cast<Errno>(call_entry(row->narrow.entry, context_, values,
                                             std::make_index_sequence<sizeof...(Arguments)>{}));
    }
    /// With any number of arguments; with `width` bits64, as a guest with a 64-bit memory.
    std::uint32_t call_row(const Syscall& row, std::span<const std::uint64_t> arguments,
                           AddressWidth width = AddressWidth::bits32) {
        const SyscallFunction& function = width == AddressWidth::bits32 ? row.narrow : row.wide;
        return call_function(function, arguments, std::make_index_sequence<kMaxParameters + 1>{});
    }

    std::byte* at(std::uint32_t address) { return memory_.data() + address; }
    template <class T>
    T load(std::uint32_t address) {
        T value;
        std::memcpy(&value, at(address), sizeof value);
        return value;
    }
    template <class T>
    void store(std::uint32_t address, const T& value) {
        std::memcpy(at(address), &value, sizeof value);
    }
    void store_text(std::uint32_t address, std::string_view text) {
        std::memcpy(at(address), text.data(), text.size());
    }
    std::string text(std::uint32_t address, std::size_t bytes) {
        return {std::bit_cast<const char*>(at(address)), bytes};
    }
    void fill(std::uint32_t address, std::size_t bytes, unsigned char value) {
        std::memset(at(address), value, bytes);
    }
    const std::vector<std::byte>& memory() const { return memory_; }

    /// An iovec at `address`.
    void iovec(std::uint32_t address, std::uint32_t buf, std::uint32_t bytes) {
        store(address, Iovec32{buf, bytes});
    }
    /// An IPv4 addr_port at `address`.
    void address4(std::uint32_t address, std::array<std::uint8_t, 4> octets, std::uint16_t port) {
        store(address, std::array<std::uint8_t, 2>{1, 0});
        store(address + 2, port);
        store(address + 4, octets);
    }

    static constexpr std::size_t kMaxParameters = 16;

private:
    static std::uint64_t widen(std::uint64_t value) { return value; }
    static std::uint64_t widen(std::int64_t value) { return static_cast<std::uint64_t>(value); }
    static std::uint64_t widen(int value) { return garbage(static_cast<std::uint32_t>(value)); }
    static std::uint64_t widen(std::uint32_t value) { return garbage(value); }
    template <class T>
        requires std::is_enum_v<T>
    static std::uint64_t widen(T value) {
        return garbage(static_cast<std::uint32_t>(value));
    }
    static std::uint64_t garbage(std::uint32_t value) { return 0xdead'beef'0000'0000 | value; }

    template <std::size_t... N>
    std::uint32_t call_function(const SyscallFunction& function,
                                std::span<const std::uint64_t> arguments,
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

    std::vector<std::byte> memory_;  // on the heap, so that AddressSanitizer sees its ends
    abi::MemoryState state_;
    runtime::Store store_;
    std::unique_ptr<Process> process_;
    std::unique_ptr<runtime::ThreadState> thread_;
    abi::VmContext context_{};
};

/// Runs each test on the direct back end, and on one that is interrupted all the time: guests must
/// see no difference.
class OnEachBackend : public testing::TestWithParam<bool> {
protected:
    io::Backend& io() {
        if (GetParam()) {
            return faulty_;
        }
        return direct_;
    }
    Guest make(ProcessOptions options = {}) { return Guest(io(), std::move(options)); }

    io::DirectBackend direct_;
    io::FaultyBackend faulty_{direct_, 1, {.interrupted = 500}};
};

inline std::string backend_name(const testing::TestParamInfo<bool>& info) {
    return info.param ? "Interrupted" : "Direct";
}

inline void PrintTo(Errno error, std::ostream* out) { *out << to_string(error); }

}  // namespace wasmax::wasix
