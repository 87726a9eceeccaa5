#include "launch/confinement.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "abi/host_modules.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "launch/impl/syscall_filter.h"
#include "wasix/import_table.h"
#include "wasix/process.h"
#include "wasm/module.h"

namespace wasmax::launch {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

// Debian 12's header knows the first two versions of Landlock only. linux: landlock(7)
constexpr std::uint64_t kAccessTruncate = 1ULL << 14;  // since version 3
constexpr std::uint64_t kAccessIoctl = 1ULL << 15;     // since 5
constexpr std::uint64_t kAccessBindTcp = 1ULL << 0;    // since 4
constexpr std::uint64_t kAccessConnectTcp = 1ULL << 1;
constexpr std::uint64_t kScopeAbstractUnix = 1ULL << 0;  // since 6
constexpr std::uint64_t kScopeSignal = 1ULL << 1;

struct RulesetAttributes {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;
    std::uint64_t scoped;
};

constexpr std::uint64_t kReading =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | kAccessIoctl;
/// But for running files and making devices, which no guest can ask for.
constexpr std::uint64_t kChanging = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                                    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                    LANDLOCK_ACCESS_FS_REFER | kAccessTruncate;
constexpr std::uint64_t kNobodys =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/// What version `version` can refuse.
RulesetAttributes handled_by(long version, bool network) {
    constexpr int kTruncateSince = 3;
    constexpr int kReferSince = 2;
    constexpr int kTcpSince = 4;
    constexpr int kIoctlSince = 5;
    constexpr int kScopesSince = 6;
    RulesetAttributes attributes{kReading | kChanging | kNobodys, 0, 0};
    const auto without = [&](int since, std::uint64_t access) {
        if (version < since) {
            attributes.handled_access_fs &= ~access;
        }
    };
    without(kReferSince, LANDLOCK_ACCESS_FS_REFER);
    without(kTruncateSince, kAccessTruncate);
    without(kIoctlSince, kAccessIoctl);
    if (version >= kTcpSince && !network) {
        attributes.handled_access_net = kAccessBindTcp | kAccessConnectTcp;
    }
    if (version >= kScopesSince) {
        attributes.scoped = kScopeSignal | kScopeAbstractUnix;
    }
    return attributes;
}

Result<void, Error> allow_beneath(int ruleset, const std::string& path, std::uint64_t access) {
    const UniqueFd parent(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!parent) {
        return fail(Error::from_errno(errno, path));
    }
    const landlock_path_beneath_attr rule{access, parent.get()};
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return fail(Error::from_errno(errno, "confining the process to " + path));
    }
    return {};
}

Result<void, Error> confine_files(const Confinement& confinement) {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version <= 0) {
        return {};  // this kernel has no Landlock
    }
    const RulesetAttributes attributes = handled_by(version, confinement.network);
    const UniqueFd ruleset(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
    if (!ruleset) {
        return fail(Error::from_errno(errno, "confining the process to its directories"));
    }
    for (const wasix::Preopen& directory : confinement.directories) {
        const std::uint64_t wanted = directory.read_only ? kReading : kReading | kChanging;
        TRY(allow_beneath(ruleset.get(), directory.host_path,
                          wanted & attributes.handled_access_fs));
    }
    if (confinement.names) {
        for (const std::string& path :
             {confinement.resolver.hosts, confinement.resolver.resolv_conf}) {
            const auto allowed = allow_beneath(ruleset.get(), path, LANDLOCK_ACCESS_FS_READ_FILE);
            if (!allowed && allowed.error().host_errno != ENOENT) {
                return fail(allowed.error());
            }
        }
    }
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
        return fail(Error::from_errno(errno, "confining the process to its directories"));
    }
    return {};
}

bool starts_programs(std::string_view name) {
    constexpr std::array<std::string_view, 3> kBeginnings{"proc_spawn", "proc_exec", "proc_fork"};
    return name == "dlopen" || std::ranges::any_of(kBeginnings, [&](std::string_view beginning) {
               return name.starts_with(beginning);
           });
}

}  // namespace

Confinement confinement_of(const wasm::Module& module, const wasix::ProcessOptions& options) {
    Confinement confinement;
    confinement.network = options.network != wasix::Network::none;
    confinement.directories = options.preopens;
    confinement.resolver = options.resolver;
    for (const wasm::Import& import : module.imports) {
        if (!abi::is_host_function(import)) {
            continue;
        }
        const wasix::Syscall* row = wasix::find_syscall(import.module, import.name);
        if (row == nullptr || row->status == wasix::Status::nosys ||
            row->status == wasix::Status::notsup) {
            continue;
        }
        confinement.unix_sockets =
            confinement.unix_sockets || (confinement.network && options.net_policy == nullptr &&
                                         !options.preopens.empty() && row->name == "sock_open");
        confinement.interfaces =
            confinement.interfaces || (confinement.network && row->name.starts_with("port_"));
        confinement.names = confinement.names || (confinement.network && row->name == "resolve");
        confinement.programs = confinement.programs || starts_programs(row->name);
    }
    return confinement;
}

Result<void, Error> confine(const Confinement& confinement) {
    if (kSanitized) {
        return {};
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return fail(Error::from_errno(errno, "confining the process"));
    }
    if (!confinement.programs) {
        TRY(confine_files(confinement));
    }
    return filter_system_calls(confinement);
}

}  // namespace wasmax::launch
