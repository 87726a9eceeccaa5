// What is left to a process whose guest has taken it over: a child is confined as `wasmax run` is,
// and a thread of it then makes the system calls that an attacker would.

#include "launch/confinement.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "wasix/process.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::launch {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WASMAX_TEST_SANITIZED
#endif
#endif

bool has_landlock() {
    return ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/// 0, or the errno of a raw system call that failed. A descriptor it returns stays open.
int error_of(long result) { return result < 0 ? errno : 0; }

/// Whether a call was kept from us: by seccomp, or by Landlock.
bool is_refusal(int error) { return error == EPERM || error == EACCES || error == ENOSYS; }

class Attack : public testing::Test {
protected:
    Attack() {
#ifdef WASMAX_TEST_SANITIZED
        skipped_ = true;
#endif
        std::string pattern = (std::filesystem::temp_directory_path() / "confined-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directories(directory_ / "granted");
        std::filesystem::create_directories(directory_ / "read");
        std::ofstream(directory_ / "granted/file") << "granted";
        std::ofstream(directory_ / "read/file") << "read";
        std::ofstream(directory_ / "secret") << "secret";
    }
    ~Attack() override { std::filesystem::remove_all(directory_); }
    void SetUp() override {
        if (skipped_) {
            GTEST_SKIP() << "builds with sanitizers do not confine themselves";
        }
    }

    [[nodiscard]] std::string path(const std::string& name) const {
        return (directory_ / name).string();
    }
    [[nodiscard]] int open_error(const std::string& name, int flags) const {
        return error_of(::syscall(SYS_openat, AT_FDCWD, path(name).c_str(), flags, 0666));
    }

    /// Runs `attack` on a thread of a confined child. It returns the name of the first thing that
    /// is not as it should be, or nothing.
    /// `prepare` comes before the child is confined.
    void expect_safe(
        const Confinement& confinement, const std::function<std::string()>& attack,
        const std::function<bool()>& prepare = [] { return true; }) {
        int report[2];
        ASSERT_EQ(::pipe2(report, O_CLOEXEC), 0);
        UniqueFd from(report[0]);
        UniqueFd to(report[1]);
        const pid_t child = ::fork();
        if (child == 0) {
            std::string wrong = "confine() failed";
            if (prepare() && confine(confinement)) {
                std::thread([&] { wrong = attack(); }).join();
            }
            [[maybe_unused]] const auto written = ::write(to.get(), wrong.data(), wrong.size());
            ::_exit(0);
        }
        to.reset();
        char text[200];
        const ssize_t got = ::read(from.get(), text, sizeof text);
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
        EXPECT_EQ(std::string(text, got > 0 ? static_cast<std::size_t>(got) : 0), "");
    }

    /// What no guest can reach, whatever it was granted.
    [[nodiscard]] std::string attack_the_host() const {
        struct Attempt {
            const char* name;
            long result;
            int error;
        };
        void* const memory =
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        char* const none[]{nullptr};
        std::uint64_t zeros[16]{};
        const auto attempt = [](const char* name, long result) {
            return Attempt{name, result, error_of(result)};
        };
        const Attempt attempts[]{
            attempt("open a file outside",
                    ::syscall(SYS_openat, AT_FDCWD, path("secret").c_str(), O_RDONLY)),
            attempt("open by the old call", ::syscall(SYS_open, path("secret").c_str(), O_RDONLY)),
            attempt("create a file outside",
                    ::syscall(SYS_openat, AT_FDCWD, path("new").c_str(), O_CREAT | O_WRONLY, 0666)),
            attempt("open /etc/passwd", ::syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY)),
            attempt("write another's memory",
                    ::syscall(SYS_openat, AT_FDCWD, "/proc/self/mem", O_RDWR)),
            attempt("run a program", ::syscall(SYS_execve, "/bin/true", none, none)),
            attempt("run a program by descriptor",
                    ::syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0)),
            attempt("fork", ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)),
            attempt("fork by the old call", ::syscall(SYS_fork)),
            attempt("clone3", ::syscall(SYS_clone3, zeros, sizeof zeros)),
            attempt("trace the parent", ::syscall(SYS_ptrace, PTRACE_ATTACH, ::getppid(), 0, 0)),
            attempt("read the parent",
                    ::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0)),
            attempt("signal the parent", ::syscall(SYS_kill, ::getppid(), 0)),
            attempt("signal a thread of the parent",
                    ::syscall(SYS_tgkill, ::getppid(), ::getppid(), 0)),
            attempt("make a ring that bypasses the filter",
                    ::syscall(SYS_io_uring_setup, 8, zeros)),
            attempt("make memory executable",
                    ::syscall(SYS_mprotect, memory, 4096, PROT_READ | PROT_EXEC)),
            attempt("map executable memory",
                    ::syscall(SYS_mmap, nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)),
            attempt("type into the terminal", ::syscall(SYS_ioctl, 0, TIOCSTI, "x")),
            attempt("load a program into the kernel", ::syscall(SYS_bpf, 0, zeros, sizeof zeros)),
            attempt("a raw socket", ::syscall(SYS_socket, AF_INET, SOCK_RAW, IPPROTO_ICMP)),
            attempt("a packet socket", ::syscall(SYS_socket, AF_PACKET, SOCK_RAW, 0)),
            attempt("a Unix socket", ::syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0)),
            attempt("let the kernel signal the parent", ::fcntl(0, F_SETOWN, ::getppid())),
            attempt("choose such a signal", ::fcntl(0, F_SETSIG, SIGKILL)),
            attempt("move the parent to another CPU",
                    ::syscall(SYS_sched_setaffinity, ::getppid(), sizeof zeros, zeros)),
            attempt("queue a signal for the parent",
                    ::syscall(SYS_rt_sigqueueinfo, ::getppid(), 0, zeros)),
            attempt("take a file of the parent's", ::syscall(SYS_pidfd_open, ::getppid(), 0)),
            attempt("open a file by its number",
                    ::syscall(SYS_open_by_handle_at, AT_FDCWD, zeros, O_RDONLY)),
            attempt("cut a file", ::syscall(SYS_truncate, path("secret").c_str(), 0)),
            attempt("change a file's mode",
                    ::syscall(SYS_fchmodat, AT_FDCWD, path("secret").c_str(), 0777)),
            attempt("change a file's owner",
                    ::syscall(SYS_fchownat, AT_FDCWD, path("secret").c_str(), 0, 0, 0)),
            attempt("change an attribute of a file",
                    ::syscall(SYS_setxattr, path("secret").c_str(), "user.x", "x", 1, 0)),
            attempt("make a device",
                    ::syscall(SYS_mknodat, AT_FDCWD, path("device").c_str(), S_IFCHR | 0666, 0)),
            attempt("another root", ::syscall(SYS_chroot, path("granted").c_str())),
            attempt("another directory", ::syscall(SYS_chdir, "/")),
            attempt("another namespace", ::syscall(SYS_unshare, CLONE_NEWUSER)),
            attempt("enter a namespace", ::syscall(SYS_setns, 0, 0)),
            attempt("another user", ::syscall(SYS_setuid, 0)),
            attempt("a file without a name to run", ::syscall(SYS_memfd_create, "x", 0)),
            attempt("a key of the user's", ::syscall(SYS_keyctl, 0, 0, 0, 0, 0)),
            attempt("look into the kernel", ::syscall(SYS_perf_event_open, zeros, 0, -1, -1, 0)),
            attempt("serve page faults", ::syscall(SYS_userfaultfd, 0)),
            attempt("read the kernel's messages", ::syscall(SYS_syslog, 3, zeros, sizeof zeros)),
            attempt("make data executable at once", ::syscall(SYS_personality, 0x0400000)),
            attempt("a segment of the processor's", ::syscall(SYS_modify_ldt, 0, zeros, 0)),
            attempt("memory of other processes", ::syscall(SYS_shmget, 1, 4096, 0)),
            attempt("watch files", ::syscall(SYS_inotify_init1, 0)),
            attempt("a debugger", ::syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0)),
            attempt("mount", ::syscall(SYS_mount, "none", "/", "tmpfs", 0, nullptr)),
            attempt("raise a limit of the parent",
                    ::syscall(SYS_prlimit64, ::getppid(), RLIMIT_NOFILE, nullptr, zeros)),
            // A call of the x32 architecture.
            attempt("open as another architecture",
                    ::syscall(0x4000'0000 + 2, path("secret").c_str(), O_RDONLY)),
        };
        for (const Attempt& each : attempts) {
            if (!is_refusal(each.error)) {
                return std::string(each.name) + ": " + std::to_string(each.result) + ", errno " +
                       std::to_string(each.error);
            }
        }
        return {};
    }
    [[nodiscard]] static std::string attack_the_network() {
        if (!is_refusal(error_of(::syscall(SYS_socket, AF_INET, SOCK_STREAM, 0))) ||
            !is_refusal(error_of(::syscall(SYS_socket, AF_INET6, SOCK_DGRAM, 0))) ||
            !is_refusal(error_of(::syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0)))) {
            return "a socket";
        }
        int pair[2];
        if (!is_refusal(error_of(::syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, pair)))) {
            return "a datagram socket, which can send anywhere";
        }
        if (::socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
            return "no pair of streams";
        }
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        if (!is_refusal(error_of(::syscall(SYS_connect, pair[0], &address, sizeof address))) ||
            !is_refusal(error_of(::syscall(SYS_bind, pair[0], &address, sizeof address))) ||
            !is_refusal(
                error_of(::syscall(SYS_sendto, pair[0], "x", 1, 0, &address, sizeof address)))) {
            return "a socket reaches out";
        }
        return ::send(pair[0], "x", 1, 0) == 1 ? "" : "a pair transfers nothing";
    }

    bool skipped_ = false;
    std::filesystem::path directory_;
};

TEST_F(Attack, NothingGrantedNothingReached) {
    expect_safe({}, [&]() -> std::string {
        if (!is_refusal(open_error("granted/file", O_RDONLY))) {
            return "a file";
        }
        const std::string wrong = attack_the_host();
        return wrong.empty() ? attack_the_network() : wrong;
    });
}

TEST_F(Attack, DirectoriesAreAllThereIs) {
    if (!has_landlock()) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    Confinement confinement;
    confinement.directories = {{path("granted"), "/granted", false}, {path("read"), "/read", true}};
    expect_safe(confinement, [&]() -> std::string {
        if (open_error("granted/file", O_RDWR) != 0 ||
            open_error("granted/new", O_CREAT | O_WRONLY) != 0 ||
            open_error("read/file", O_RDONLY) != 0) {
            return "what was granted is out of reach";
        }
        if (!is_refusal(open_error("read/file", O_WRONLY)) ||
            !is_refusal(open_error("read/new", O_CREAT | O_WRONLY)) ||
            !is_refusal(
                error_of(::syscall(SYS_unlinkat, AT_FDCWD, path("read/file").c_str(), 0)))) {
            return "a read-only directory changes";
        }
        if (!is_refusal(open_error("granted/../secret", O_RDONLY))) {
            return "the way out";
        }
        open_how how{.flags = O_RDONLY, .mode = 0, .resolve = 0};
        if (!is_refusal(error_of(
                ::syscall(SYS_openat2, AT_FDCWD, path("secret").c_str(), &how, sizeof how)))) {
            return "openat2";
        }
        const std::string wrong = attack_the_host();
        return wrong.empty() ? attack_the_network() : wrong;
    });
}

/// Names cannot carry a file to where it may be changed, or out.
TEST_F(Attack, NamesMoveWithinADirectoryOnly) {
    if (!has_landlock()) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    std::ofstream(path("granted/old")) << "old";
    Confinement confinement;
    confinement.directories = {{path("granted"), "/granted", false}, {path("read"), "/read", true}};
    expect_safe(confinement, [&]() -> std::string {
        // Across a boundary Landlock says EXDEV, and the kernel says EEXIST before it asks.
        const auto succeeds = [](int error) {
            return !is_refusal(error) && error != EXDEV && error != EEXIST;
        };
        const auto moves = [&](const char* from, const char* to) {
            const int error = error_of(
                ::syscall(SYS_renameat, AT_FDCWD, path(from).c_str(), AT_FDCWD, path(to).c_str()));
            return succeeds(error);
        };
        const auto links = [&](const char* from, const char* to) {
            const int error = error_of(
                ::syscall(SYS_linkat, AT_FDCWD, path(from).c_str(), AT_FDCWD, path(to).c_str(), 0));
            return succeeds(error);
        };
        for (const char* from : {"secret", "read/file"}) {
            if (moves(from, "granted/stolen") || links(from, "granted/stolen")) {
                return std::string(from) + " came in";
            }
        }
        for (const char* to : {"out", "read/out", "secret", "read/file"}) {
            if (moves("granted/old", to) || links("granted/old", to)) {
                return std::string("something got to ") + to;
            }
        }
        if (!is_refusal(error_of(::syscall(SYS_symlinkat, "x", AT_FDCWD, path("link").c_str()))) ||
            !is_refusal(
                error_of(::syscall(SYS_mkdirat, AT_FDCWD, path("read/new").c_str(), 0777)))) {
            return "a name outside";
        }
        // A link is followed to where it leads, which is what counts.
        if (::symlinkat("../secret", AT_FDCWD, path("granted/link").c_str()) != 0 ||
            !is_refusal(open_error("granted/link", O_RDONLY))) {
            return "through a link";
        }
        return moves("granted/old", "granted/new") && links("granted/new", "granted/newer")
                   ? ""
                   : "not even within";
    });
}

/// Lets `call` fail with ENOSYS, as on a kernel without it.
bool forget_call(unsigned call) {
    constexpr auto kNumber = static_cast<std::uint32_t>(offsetof(seccomp_data, nr));
    sock_filter code[]{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
                       BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{std::size(code), code};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/// Without Landlock, a process that has no directory still opens nothing.
TEST_F(Attack, KernelsWithoutLandlockFilterAllTheSame) {
    expect_safe(
        {}, [&] { return attack_the_host() + attack_the_network(); },
        [] { return forget_call(SYS_landlock_create_ruleset); });
}

/// Without seccomp, Landlock still keeps files from it.
TEST_F(Attack, KernelsWithoutSeccompGuardFilesAllTheSame) {
    if (!has_landlock()) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    Confinement confinement;
    confinement.directories = {{path("granted"), "/granted", false}};
    expect_safe(
        confinement,
        [&]() -> std::string {
            return open_error("granted/file", O_RDWR) == 0 &&
                           is_refusal(open_error("secret", O_RDONLY)) &&
                           is_refusal(open_error("new", O_CREAT | O_WRONLY))
                       ? ""
                       : "files";
        },
        [] { return forget_call(SYS_seccomp); });
}

TEST_F(Attack, TheNetworkGrantsNoFiles) {
    Confinement confinement;
    confinement.network = true;
    expect_safe(confinement, [&]() -> std::string {
        if (::socket(AF_INET, SOCK_STREAM, 0) < 0 || ::socket(AF_INET6, SOCK_DGRAM, 0) < 0) {
            return "no socket";
        }
        if (!is_refusal(error_of(::syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0)))) {
            return "a netlink socket";
        }
        return attack_the_host();
    });
}

TEST_F(Attack, NamesNeedTheirFilesOnly) {
    if (!has_landlock()) {
        GTEST_SKIP() << "this kernel has no Landlock";
    }
    Confinement confinement;
    confinement.network = confinement.names = true;
    confinement.resolver = {path("granted/file"), path("missing")};
    expect_safe(confinement, [&]() -> std::string {
        return open_error("granted/file", O_RDONLY) == 0 ? attack_the_host() : "no hosts file";
    });
}

/// The module's imports, with what the options grant.
Confinement confinement_for(const std::vector<std::pair<std::string, std::string>>& imports,
                            const wasix::ProcessOptions& options) {
    std::vector<std::uint8_t> bytes{0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0};
    std::vector<std::uint8_t> section{static_cast<std::uint8_t>(imports.size())};
    for (const auto& [module, name] : imports) {
        section.push_back(static_cast<std::uint8_t>(module.size()));
        section.insert(section.end(), module.begin(), module.end());
        section.push_back(static_cast<std::uint8_t>(name.size()));
        section.insert(section.end(), name.begin(), name.end());
        section.insert(section.end(), {0, 0});
    }
    bytes.push_back(2);
    bytes.push_back(static_cast<std::uint8_t>(section.size()));
    bytes.insert(bytes.end(), section.begin(), section.end());
    const auto module = wasm::decode_module(std::as_bytes(std::span(bytes)), {});
    EXPECT_TRUE(module.has_value());
    return confinement_of(*module, options);
}

TEST(Confinement, IsWhatTheOptionsGrantAndTheModuleUses) {
    wasix::ProcessOptions options;
    EXPECT_FALSE(confinement_for({{"wasix_32v1", "resolve"}}, options).names);
    options.network = wasix::Network::all;
    options.preopens = {{"/host", "/guest", true}};
    const Confinement plain = confinement_for({{"wasi_snapshot_preview1", "fd_write"}}, options);
    EXPECT_TRUE(plain.network);
    EXPECT_FALSE(plain.names);
    EXPECT_FALSE(plain.interfaces);
    EXPECT_FALSE(plain.programs);
    EXPECT_EQ(plain.directories.size(), 1U);
    const Confinement more =
        confinement_for({{"wasix_32v1", "resolve"}, {"wasix_32v1", "port_addr_list"}}, options);
    EXPECT_TRUE(more.names);
    EXPECT_TRUE(more.interfaces);
    EXPECT_FALSE(confinement_for({{"other", "resolve"}}, options).names);
    const auto unix_sockets = [&] {
        return confinement_for({{"wasix_32v1", "sock_open"}}, options).unix_sockets;
    };
    EXPECT_FALSE(more.unix_sockets);
    EXPECT_TRUE(unix_sockets());
    options.preopens.clear();
    EXPECT_FALSE(unix_sockets());
}

}  // namespace
}  // namespace wasmax::launch
