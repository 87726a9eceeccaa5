// Which system calls a host process may make while its guest runs: a list, as a BPF program.
//
// Calls that are always allowed cost nothing: the kernel runs the program once for each and
// remembers. linux: seccomp(2), kernel/seccomp.c (action cache)

#include "launch/impl/syscall_filter.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "launch/confinement.h"

namespace wasmax::launch {
namespace {

/// What compiled code, the runtime, the C library, and calls on open files need.
constexpr int kAlways[]{
    // transfers and positions of open files
    SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64, SYS_preadv, SYS_pwritev,
    SYS_preadv2, SYS_pwritev2, SYS_lseek, SYS_sendfile, SYS_recvfrom, SYS_recvmsg, SYS_sendmsg,
    SYS_fsync, SYS_fdatasync, SYS_ftruncate, SYS_fallocate, SYS_fadvise64, SYS_sync_file_range,
    // descriptors and their state
    SYS_close, SYS_close_range, SYS_dup, SYS_dup2, SYS_dup3, SYS_fstat, SYS_newfstatat, SYS_pipe2,
    SYS_eventfd2, SYS_shutdown, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
    SYS_accept, SYS_accept4, SYS_getdents64,
    // waiting
    SYS_poll, SYS_ppoll, SYS_select, SYS_pselect6, SYS_epoll_create1, SYS_epoll_ctl, SYS_epoll_wait,
    SYS_epoll_pwait, SYS_epoll_pwait2, SYS_futex, SYS_nanosleep, SYS_clock_nanosleep,
    SYS_restart_syscall,
    // time
    SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_time, SYS_times, SYS_getrusage,
    SYS_setitimer, SYS_getitimer, SYS_timer_create, SYS_timer_settime, SYS_timer_gettime,
    SYS_timer_getoverrun, SYS_timer_delete, SYS_timerfd_create, SYS_timerfd_settime,
    SYS_timerfd_gettime,
    // memory; what is executable is mapped before
    SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise,
    // threads and signals
    SYS_exit, SYS_exit_group, SYS_set_robust_list, SYS_get_robust_list, SYS_rseq, SYS_membarrier,
    SYS_sched_yield, SYS_sched_getaffinity, SYS_sched_getparam, SYS_sched_getscheduler, SYS_getpid,
    SYS_gettid, SYS_getppid, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigpending, SYS_rt_sigtimedwait, SYS_rt_sigsuspend,
    SYS_sigaltstack, SYS_signalfd4,
    // what the machine is like
    SYS_getrandom, SYS_sysinfo, SYS_uname, SYS_getrlimit, SYS_getcwd};

/// For guests with a directory. Landlock says which files.
constexpr int kFiles[]{SYS_openat,    SYS_openat2,   SYS_mkdirat,    SYS_unlinkat,   SYS_renameat,
                       SYS_renameat2, SYS_linkat,    SYS_symlinkat,  SYS_readlinkat, SYS_utimensat,
                       SYS_statx,     SYS_faccessat, SYS_faccessat2, SYS_flock,      SYS_fstatfs};

/// For guests with the network. The rest is decided by the domain: socket().
constexpr int kNetwork[]{SYS_bind, SYS_listen, SYS_connect, SYS_sendto, SYS_sendmmsg, SYS_recvmmsg};

/// For guests that start other programs.
constexpr int kPrograms[]{SYS_clone,
                          SYS_clone3,
                          SYS_fork,
                          SYS_vfork,
                          SYS_execve,
                          SYS_wait4,
                          SYS_waitid,
                          SYS_kill,
                          SYS_pidfd_open,
                          SYS_pidfd_send_signal,
                          SYS_mmap,
                          SYS_mprotect,
                          SYS_memfd_create,
                          SYS_open,
                          SYS_stat,
                          SYS_lstat,
                          SYS_access,
                          SYS_readlink,
                          SYS_rename,
                          SYS_unlink,
                          SYS_mkdir,
                          SYS_chdir,
                          SYS_umask,
                          SYS_setpgid,
                          SYS_prlimit64,
                          SYS_setrlimit,
                          SYS_fchmod,
                          SYS_arch_prctl,
                          SYS_set_tid_address,
                          SYS_prctl,
                          SYS_tgkill};

/// On open files, all harmless: TIOCSTI, for one, would type into the user's terminal.
constexpr unsigned kIoctls[]{TCGETS,   TCSETS,   TCSETSW, TCSETSF, TIOCGWINSZ,
                             FIONREAD, TIOCOUTQ, FIONBIO, FIOCLEX, FIONCLEX};

/// Not F_SETOWN, which lets the kernel send signals to other processes when files are ready.
constexpr unsigned kFcntls[]{F_DUPFD,     F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD,
                             F_GETFL,     F_SETFL,         F_GETLK,      F_SETLK,
                             F_SETLKW,    F_OFD_GETLK,     F_OFD_SETLK,  F_OFD_SETLKW,
                             F_ADD_SEALS, F_GET_SEALS,     F_GETPIPE_SZ, F_SETPIPE_SZ};

class Program {
public:
    Program() {
        // Numbers of other architectures (x86, x32) mean other calls.
        load(offsetof(seccomp_data, arch));
        jump_unless(BPF_JEQ, AUDIT_ARCH_X86_64, 1);
        skip(1);
        refuse(EPERM);
        load(offsetof(seccomp_data, nr));
    }

    void allow(int call) {
        jump_unless(BPF_JEQ, static_cast<std::uint32_t>(call), 1);
        finish(SECCOMP_RET_ALLOW);
    }
    void allow(std::span<const int> calls) {
        for (const int call : calls) {
            allow(call);
        }
    }
    void refuse_with(int call, int error) {
        jump_unless(BPF_JEQ, static_cast<std::uint32_t>(call), 1);
        refuse(error);
    }
    /// The low half of argument `index`, masked, is one of `values`.
    struct Condition {
        unsigned index;
        std::span<const unsigned> values;
        std::uint32_t mask = ~0U;
    };
    /// Allowed if all of `conditions` hold; otherwise later entries for the call decide.
    void allow_if(int call, std::initializer_list<Condition> conditions) {
        unsigned body = 2;
        for (const Condition& condition : conditions) {
            body += 3 + static_cast<unsigned>(condition.values.size());
        }
        jump_unless(BPF_JEQ, static_cast<std::uint32_t>(call), body);
        for (const Condition& condition : conditions) {
            auto left = static_cast<unsigned>(condition.values.size());
            body -= 3 + left;
            load(argument(condition.index));
            code_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, condition.mask));
            for (const unsigned value : condition.values) {
                jump_if(BPF_JEQ, value, left);  // over the other values and the way out
                --left;
            }
            skip(body - 1);
        }
        finish(SECCOMP_RET_ALLOW);
        load(offsetof(seccomp_data, nr));
    }
    void allow_if(int call, unsigned index, std::span<const unsigned> values,
                  std::uint32_t mask = ~0U) {
        allow_if(call, {{index, values, mask}});
    }
    /// Allowed if all bits of `bits` in the low half of argument `index` are set, or none.
    void allow_if_bits(int call, unsigned index, std::uint32_t bits, bool set) {
        const unsigned expected = set ? bits : 0;
        allow_if(call, index, {&expected, 1}, bits);
    }
    /// Allowed if the pointer in argument `index` is null.
    void allow_if_null(int call, unsigned index) {
        jump_unless(BPF_JEQ, static_cast<std::uint32_t>(call), 6);
        load(argument(index));
        jump_unless(BPF_JEQ, 0, 3);
        load(argument(index) + 4);
        jump_unless(BPF_JEQ, 0, 1);
        finish(SECCOMP_RET_ALLOW);
        refuse(EPERM);
    }

    /// Everything else fails; then the program is the calling thread's, and of those it starts.
    Result<void, Error> install() {
        refuse(EPERM);
        const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
        // Without the flag older kernels slow all of the process's code down.
        const long done = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
        if (done != 0 && errno != ENOSYS && errno != EINVAL) {
            return fail(Error::from_errno(errno, "confining the process to its system calls"));
        }
        return {};
    }

private:
    /// x86-64 is little-endian: the low half comes first.
    static std::uint32_t argument(unsigned index) {
        return static_cast<std::uint32_t>(offsetof(seccomp_data, args) +
                                          sizeof(std::uint64_t) * index);
    }
    void load(std::size_t offset) {
        code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)));
    }
    void jump_unless(unsigned condition, std::uint32_t value, unsigned over) {
        code_.push_back(BPF_JUMP(static_cast<unsigned short>(BPF_JMP | condition | BPF_K), value, 0,
                                 static_cast<unsigned char>(over)));
    }
    void jump_if(unsigned condition, std::uint32_t value, unsigned over) {
        code_.push_back(BPF_JUMP(static_cast<unsigned short>(BPF_JMP | condition | BPF_K), value,
                                 static_cast<unsigned char>(over), 0));
    }
    void skip(unsigned count) { code_.push_back(BPF_STMT(BPF_JMP | BPF_JA, count)); }
    void finish(std::uint32_t action) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, action)); }
    void refuse(int error) {
        finish(SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA));
    }

    std::vector<sock_filter> code_;
};

/// Sockets that the guest may have. Pairs reach nothing else, unless one can send to any address.
void allow_sockets(Program& program, const Confinement& confinement) {
    constexpr unsigned kDomain = 0;
    constexpr unsigned kType = 1;
    constexpr std::uint32_t kTypeMask = 0xf;  // the rest are flags
    constexpr unsigned kStream[]{SOCK_STREAM};
    constexpr unsigned kTransports[]{SOCK_STREAM, SOCK_DGRAM};
    if (confinement.network) {
        constexpr unsigned kInet[]{AF_INET, AF_INET6};
        program.allow(kNetwork);
        program.allow_if(SYS_socket, {{kDomain, kInet}, {kType, kTransports, kTypeMask}});
        program.allow_if(SYS_socketpair, kType, kTransports, kTypeMask);
        if (confinement.unix_sockets) {
            constexpr unsigned kUnix[]{AF_UNIX};
            program.allow_if(SYS_socket, {{kDomain, kUnix}, {kType, kTransports, kTypeMask}});
        }
    } else {
        constexpr unsigned kAddress = 4;
        program.allow_if_null(SYS_sendto, kAddress);
        program.allow_if(SYS_socketpair, kType, kStream, kTypeMask);
    }
    if (confinement.interfaces) {
        constexpr unsigned kNetlink[]{AF_NETLINK};
        constexpr unsigned kProtocol = 2;
        constexpr unsigned kRoute[]{0};  // NETLINK_ROUTE
        program.allow_if(SYS_socket, {{kDomain, kNetlink}, {kProtocol, kRoute}});
    }
}

void allow_memory_and_threads(Program& program) {
    constexpr unsigned kProtection = 2;
    program.allow_if_bits(SYS_mmap, kProtection, PROT_EXEC, false);
    program.allow_if_bits(SYS_mprotect, kProtection, PROT_EXEC, false);
    program.refuse_with(SYS_clone3, ENOSYS);  // its flags are out of reach; clone is tried next
    program.allow_if_bits(SYS_clone, 0, CLONE_THREAD | CLONE_VM, true);
    const auto self = static_cast<unsigned>(::getpid());
    program.allow_if(SYS_tgkill, 0, {&self, 1});
    program.allow_if(SYS_kill, 0, {&self, 1});
    constexpr unsigned kNames[]{PR_SET_NAME, PR_GET_NAME, PR_SET_VMA};
    program.allow_if(SYS_prctl, 0, kNames);
    constexpr unsigned kSelf = 0;
    program.allow_if(SYS_prlimit64, 0, {&kSelf, 1});
    program.allow_if(SYS_sched_setaffinity, 0, {&kSelf, 1});
}

}  // namespace

Result<void, Error> filter_system_calls(const Confinement& confinement) {
    Program program;
    program.allow_if(SYS_ioctl, 1, kIoctls);
    program.allow_if(SYS_fcntl, 1, kFcntls);
    program.allow(kAlways);
    if (confinement.programs) {
        program.allow(kPrograms);
    }
    if (confinement.programs || confinement.names || !confinement.directories.empty()) {
        program.allow(kFiles);
    } else {
        constexpr unsigned kPath = 1;
        program.allow_if_null(SYS_utimensat, kPath);
    }
    allow_sockets(program, confinement);
    allow_memory_and_threads(program);
    return program.install();
}

}  // namespace wasmax::launch
