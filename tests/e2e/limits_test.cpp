// What bounds a guest and its process: --max-memory, --max-fds, --net=RULES, the confinement.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

/// Exits with what memory.grow of 100 pages gives, plus 1: 0 if it fails.
constexpr const char* kGrow = R"((module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $exit (i32.add (memory.grow (i32.const 100)) (i32.const 1))))))";

/// Makes event descriptors until it may have no more; exits with how many times 10 plus whether the
/// errno was mfile (33), after it closed one and made it again.
constexpr const char* kManyFiles = R"((module
  (import "wasix_32v1" "fd_event" (func $event (param i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $count i32) (local $error i32)
    (loop $more
      (local.set $error (call $event (i64.const 0) (i32.const 0) (i32.const 0)))
      (if (i32.eqz (local.get $error))
        (then (local.set $count (i32.add (local.get $count) (i32.const 1))) (br $more))))
    (drop (call $close (i32.const 5)))
    (if (call $event (i64.const 0) (i32.const 0) (i32.const 0)) (then (call $exit (i32.const 99))))
    (call $exit (i32.add (i32.mul (local.get $count) (i32.const 10))
                         (i32.eq (local.get $error) (i32.const 33)))))))";

/// Exits with the errno of binding 127.0.0.1 and a port of the kernel's choice.
constexpr const char* kBind = R"((module
  (import "wasi_snapshot_preview1" "sock_open" (func $open (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_bind" (func $bind (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\01\00\00\00\7f\00\00\01")
  (func (export "_start")
    (if (call $open (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 0))
      (then (call $exit (i32.const 99))))
    (call $exit (call $bind (i32.load (i32.const 0)) (i32.const 16))))))";

/// Says `ready` and reads a byte.
constexpr const char* kWaits = R"((module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\10\00\00\00\05\00\00\00")
  (data (i32.const 16) "ready")
  (data (i32.const 128) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\01")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i64.store (i32.const 152) (i64.const 60000000000))
    (drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 512))))))";

TEST(Limits, MemoryGrowsNoFurther) {
    EXPECT_EQ(run_wat(kGrow).exit_code, 2);
    EXPECT_EQ(run_wat(kGrow, {"--max-memory", "1M"}).exit_code, 0);
    EXPECT_EQ(run_wat(kGrow, {"--max-memory", "7M"}).exit_code, 2);
    const Completed refused =
        run_wat(R"((module (memory 2) (func (export "_start"))))", {"--max-memory", "64K"});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.errors.find("2 pages"), std::string::npos) << refused.errors;
}

TEST(Limits, FilesRunOut) {
    const Completed ended = run_wat(kManyFiles, {"--max-fds", "10"});
    EXPECT_EQ(ended.exit_code, 71) << ended.errors;
}

/// Exits with 1 if it cannot start a thread, else with 2.
constexpr const char* kThread = R"((module
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "env" "memory" (memory 1 1 shared))
  (func (export "wasi_thread_start") (param i32 i32))
  (func (export "_start")
    (call $exit (select (i32.const 1) (i32.const 2)
      (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)))))))";

TEST(Limits, ThreadsRunOut) {
    EXPECT_EQ(run_wat(kThread).exit_code, 2);
    EXPECT_EQ(run_wat(kThread, {"--max-threads", "2"}).exit_code, 2);
    EXPECT_EQ(run_wat(kThread, {"--max-threads", "1"}).exit_code, 1);
}

TEST(Network, RulesHoldInEveryWayToRun) {
    constexpr int kPerm = 63;
    constexpr int kNotsup = 58;
    EXPECT_EQ(run_wat(kBind).exit_code, kNotsup);
    EXPECT_EQ(run_wat(kBind, {"--net"}).exit_code, 0);
    EXPECT_EQ(run_wat(kBind, {"--net=ipv4:allow=127.0.0.1:0/in"}).exit_code, 0);
    EXPECT_EQ(run_wat(kBind, {"--net=ipv4:allow=127.0.0.1:80/in"}).exit_code, kPerm);
    EXPECT_EQ(run_wat(kBind, {"--net=ipv4:allow=*:*,ipv4:deny=127.0.0.0/8:*"}).exit_code, kPerm);
    const Completed wrong = run_wat(kBind, {"--net=ipv4:allow=*"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_NE(wrong.errors.find("--net: at character 13"), std::string::npos) << wrong.errors;

    const TemporaryDirectory directory;
    const std::string program = (directory.path() / "program").string();
    const Completed made = wasmax({"create-exe", directory.write("guest.wat", kBind), "-o", program,
                                   "--net=ipv4:allow=127.0.0.1:80/in"});
    ASSERT_EQ(made.exit_code, 0) << made.errors;
    EXPECT_EQ(Child({program}).wait().exit_code, kPerm);
    EXPECT_EQ(Child({program, "--wasmax-net"}).wait().exit_code, 0);
    EXPECT_EQ(Child({program, "--wasmax-net=ipv4:allow=*:0"}).wait().exit_code, 0);
    EXPECT_EQ(Child({program}, {}, {"WASMAX_NET=1"}).wait().exit_code, 0);
    EXPECT_EQ(Child({program}, {}, {"WASMAX_NET=ipv4:allow=*:0/in"}).wait().exit_code, 0);
    EXPECT_EQ(Child({program}, {}, {"WASMAX_NET=ipv4"}).wait().exit_code, 1);
}

/// A socket of `type` at 127.0.0.1, listening if it can, and its port.
std::pair<UniqueFd, int> host_socket(int type) {
    UniqueFd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd.get(), any, bytes), 0);
    EXPECT_EQ(::getsockname(fd.get(), any, &bytes), 0);
    if (type == SOCK_STREAM) {
        EXPECT_EQ(::listen(fd.get(), 50), 0);
    }
    return {std::move(fd), ntohs(address.sin_port)};
}

/// Connects from 127.0.0.`host` and returns all that comes back.
std::string fetch_from(int host, std::uint16_t port) {
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0x7f00'0000U + static_cast<unsigned>(host));
    const auto* const any = reinterpret_cast<const sockaddr*>(&address);
    EXPECT_EQ(::bind(client.get(), any, sizeof address), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    EXPECT_EQ(::connect(client.get(), any, sizeof address), 0);
    std::string answer;
    char buffer[64];
    ssize_t got = 0;
    while ((got = ::recv(client.get(), buffer, sizeof buffer, 0)) > 0) {
        answer.append(buffer, static_cast<std::size_t>(got));
    }
    return answer;
}

TEST(Network, RulesHoldWhicheverWayAnAddressIsWritten) {
    const auto [tcp, tcp_port] = host_socket(SOCK_STREAM);
    const auto [other_tcp, denied_tcp] = host_socket(SOCK_STREAM);
    const auto [udp, udp_port] = host_socket(SOCK_DGRAM);
    const auto [other_udp, denied_udp] = host_socket(SOCK_DGRAM);
    const std::string rules = "--net=ipv4:allow=127.0.0.1:{" + std::to_string(tcp_port) + "," +
                              std::to_string(udp_port) +
                              "}/out,ipv4:allow=127.0.0.1:0/in,ipv4:deny=127.0.0.2:*/in,"
                              "dns:allow=localhost:" +
                              std::to_string(denied_tcp);
    Child child({WASMAX_BINARY, "run", rules, std::string(WASMAX_GUESTS) + "/net_rules.wasm",
                 std::to_string(tcp_port), std::to_string(denied_tcp), std::to_string(udp_port),
                 std::to_string(denied_udp)});
    if (child.wait_for_output("\n")) {
        const auto port = static_cast<std::uint16_t>(
            std::atoi(child.output().c_str() + std::string("listening ").size()));
        EXPECT_EQ(fetch_from(2, port), "");
        EXPECT_EQ(fetch_from(1, port), "welcome");
    }
    const Completed completed = child.wait();
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    // Nothing came to the one that is denied; something to the other.
    char byte = 0;
    EXPECT_LT(::recv(other_udp.get(), &byte, 1, MSG_DONTWAIT), 0);
    EXPECT_EQ(::recv(udp.get(), &byte, 1, MSG_DONTWAIT), 1);
}

/// The kernel's own word for it.
std::string seccomp_mode(const Child& child) {
    std::ifstream status("/proc/" + std::to_string(child.pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("Seccomp:")) {
            return line.substr(line.size() - 1);
        }
    }
    return "unknown";
}

TEST(Confinement, IsOnUnlessSwitchedOff) {
    const TemporaryDirectory directory;
    const std::string guest = directory.write("guest.wat", kWaits);
    for (const bool confined : {true, false}) {
        Arguments arguments{WASMAX_BINARY, "run", guest};
        if (!confined) {
            arguments.emplace_back("--no-host-confinement");
        }
        Child child(arguments);
        ASSERT_TRUE(child.wait_for_output("ready"));
        const std::string mode = seccomp_mode(child);
        if (mode != "unknown") {
            EXPECT_EQ(mode, confined ? "2" : "0");
        }
    }
}

}  // namespace
}  // namespace wasmax::e2e
