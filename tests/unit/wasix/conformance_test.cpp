// The rows of syscalls.def and errnos.def against the interface description.

#include <cstdint>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "shared_files.h"
#include "wasix/errnos.h"
#include "wasix/import_table.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

constexpr std::string_view kDescription = "abi/wasix.json";

std::vector<wasm::ValueType> value_types(const nlohmann::json& names) {
    std::vector<wasm::ValueType> types;
    for (const std::string name : names) {
        EXPECT_TRUE(name == "i32" || name == "i64") << name;
        types.push_back(name == "i32" ? wasm::ValueType::i32 : wasm::ValueType::i64);
    }
    return types;
}

/// With 64-bit addresses.
wasm::FunctionType wide_type_of(const nlohmann::json& function) {
    return {value_types(function.at("params64")), value_types(function.at("results"))};
}

wasm::FunctionType type_of(const nlohmann::json& function) {
    nlohmann::json parameters = nlohmann::json::array();
    for (const nlohmann::json& parameter : function.at("params")) {
        parameters.push_back(parameter.at("type"));
    }
    return {value_types(parameters), value_types(function.at("results"))};
}

TEST(Conformance, EveryDescribedFunctionResolvesWithItsType) {
    const auto path = test::shared_file(kDescription);
    if (!path) {
        GTEST_SKIP() << test::missing_shared_file(kDescription);
    }
    const nlohmann::json description = nlohmann::json::parse(std::ifstream(*path));
    std::set<const Syscall*> described;
    for (const nlohmann::json& function : description.at("functions")) {
        const std::string module = function.at("module");
        const std::string name = function.at("name");
        const Syscall* row = find_syscall(module, name);
        ASSERT_NE(row, nullptr) << module << " " << name;
        EXPECT_EQ(row->narrow.type(), type_of(function)) << module << " " << name;
        EXPECT_EQ(row->wide.type(), wide_type_of(function)) << module << " " << name;
        const auto narrow = resolve_host_import(module, name, type_of(function));
        ASSERT_TRUE(narrow.has_value()) << module << " " << name;
        const auto wide = resolve_host_import(module, name, wide_type_of(function));
        ASSERT_TRUE(wide.has_value()) << module << " " << name;
        if (narrow->type != wide->type) {
            EXPECT_NE(narrow->code, wide->code) << module << " " << name;
        }
        described.insert(row);
    }
    for (const Syscall& row : syscalls()) {
        EXPECT_TRUE(described.contains(&row))
            << row.module << " " << row.name << " is not described";
    }
}

TEST(Conformance, ErrnoNumbersAreTheDescribedOnes) {
    const auto path = test::shared_file(kDescription);
    if (!path) {
        GTEST_SKIP() << test::missing_shared_file(kDescription);
    }
    const nlohmann::json description = nlohmann::json::parse(std::ifstream(*path));
    const nlohmann::json& values = description.at("types").at("enums").at("errno").at("values");
    for (const auto& [name, number] : values.items()) {
        const std::string expected = name == "2big" ? "e2big" : name;  // no identifier
        EXPECT_EQ(to_string(static_cast<Errno>(number.get<std::uint16_t>())), expected);
    }
}

TEST(ImportTable, KnowsAliasesAndInheritedNames) {
    const Syscall* accept = find_syscall("wasix_32v1", "sock_accept_v2");
    ASSERT_NE(accept, nullptr);
    EXPECT_EQ(find_syscall("wasix_32v1", "sock_accept"), accept);
    EXPECT_NE(find_syscall("wasi_snapshot_preview1", "sock_accept"), accept);
    EXPECT_EQ(find_syscall("wasi_unstable", "sock_accept"), nullptr);
    EXPECT_EQ(find_syscall("wasix_32v1", "fd_write"),
              find_syscall("wasi_snapshot_preview1", "fd_write"));
    EXPECT_EQ(find_syscall("wasi_unstable", "fd_write"),
              find_syscall("wasi_snapshot_preview1", "fd_write"));
    EXPECT_NE(find_syscall("wasi_unstable", "fd_seek"),
              find_syscall("wasi_snapshot_preview1", "fd_seek"));
    EXPECT_EQ(find_syscall("wasi_snapshot_preview1", "thread-spawn"),
              find_syscall("wasi", "thread-spawn"));
    EXPECT_EQ(find_syscall("wasi", "thread_spawn"), nullptr);
    EXPECT_EQ(find_syscall("wasi", "fd_write"), nullptr);
    EXPECT_EQ(find_syscall("env", "fd_write"), nullptr);
}

TEST(ImportTable, NamesTheNearestForASlip) {
    const wasm::FunctionType type{{wasm::ValueType::i32}, {}};
    const auto slip = resolve_host_import("wasix_32v1", "sock_opem", type);
    ASSERT_FALSE(slip.has_value());
    EXPECT_EQ(slip.error().message,
              "unknown import \"wasix_32v1\" \"sock_opem\"; did you mean \"sock_open\"?");
    const auto unlike = resolve_host_import("wasix_32v1", "quite_another_thing", type);
    ASSERT_FALSE(unlike.has_value());
    EXPECT_EQ(unlike.error().message, "unknown import \"wasix_32v1\" \"quite_another_thing\"");
}

TEST(ImportTable, RefusesAnotherType) {
    const wasm::FunctionType type{{wasm::ValueType::i64}, {}};
    const auto resolved = resolve_host_import("wasi_snapshot_preview1", "fd_close", type);
    ASSERT_FALSE(resolved.has_value());
    EXPECT_EQ(resolved.error().message, "import \"wasi_snapshot_preview1\" \"fd_close\" has type " +
                                            wasm::to_string(wasm::FunctionType{
                                                {wasm::ValueType::i32}, {wasm::ValueType::i32}}) +
                                            ", the module asks for " + wasm::to_string(type));
}

TEST(ImportTable, Resolves64BitNamesWithI64Addresses) {
    constexpr auto i32 = wasm::ValueType::i32;
    constexpr auto i64 = wasm::ValueType::i64;
    const wasm::FunctionType narrow{{i32, i32, i32, i32}, {i32}};
    const wasm::FunctionType wide{{i32, i64, i64, i64}, {i32}};
    const Syscall* row = find_syscall("wasi_snapshot_preview1", "fd_write");
    const auto resolved = resolve_host_import("wasix_64v1", "fd_write", wide);
    ASSERT_TRUE(resolved.has_value());
    EXPECT_EQ(resolved->type, wide);
    EXPECT_EQ(resolved->code, row->wide.entry);
    EXPECT_FALSE(resolve_host_import("wasix_64v1", "fd_write", narrow).has_value());
    EXPECT_FALSE(resolve_host_import("wasix_64v1", "no_such_call", wide).has_value());
    EXPECT_EQ(resolve_host_import("wasi_snapshot_preview1", "fd_write", wide)->code,
              row->wide.entry);
    EXPECT_EQ(resolve_host_import("wasix_32v1", "fd_write", narrow)->code, row->narrow.entry);
}

TEST(SyscallsPage, IsNotStale) {
    std::ifstream stream(WASMAX_SYSCALLS_PAGE);
    const std::string page{std::istreambuf_iterator<char>(stream), {}};
    EXPECT_TRUE(page == syscalls_markdown())
        << WASMAX_SYSCALLS_PAGE << " differs: `wasmax syscalls --format=md` prints the new one";
}

TEST(Errnos, MapBothWays) {
    for (int host = 1; host < 134; ++host) {
        const Errno guest = from_host(io::HostErrno{host});
        EXPECT_NE(guest, Errno::success) << host;
        if (to_host(guest) != host) {
            // Several host values share a number, or have none.
            EXPECT_TRUE(guest == Errno::io || from_host(io::HostErrno{to_host(guest)}) == guest)
                << host;
        }
    }
    EXPECT_EQ(from_host(io::HostErrno{EACCES}), Errno::acces);
    EXPECT_EQ(from_host_network(io::HostErrno{EACCES}), Errno::perm);
    EXPECT_EQ(from_host_network(io::HostErrno{ENOTCONN}), Errno::notconn);
    EXPECT_EQ(from_host(io::HostErrno{100'000}), Errno::io);
    EXPECT_EQ(from_host(io::HostErrno{-1}), Errno::io);
    EXPECT_EQ(to_host(Errno::badf), EBADF);
    EXPECT_EQ(to_host(Errno::memviolation), 0);
    EXPECT_STREQ(to_string(static_cast<Errno>(999)), "unknown");
}

}  // namespace
}  // namespace wasmax::wasix
