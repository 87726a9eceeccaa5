#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "trace/target.h"
#include "wasix/address.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/host_devices.h"
#include "wasix/net_rules.h"
#include "wasix/outcome.h"
#include "wasix/resolver.h"
#include "wasix/signal_timers.h"
#include "wasix/signals.h"
#include "wasix/terminal.h"
#include "wasix/thread.h"
#include "wasix/thread_group.h"
#include "wasix/unix_socket.h"
#include "wasix/unknown_imports.h"

namespace wasmax::wasix {

/// A directory of the host that the guest may open files in.
struct Preopen {
    std::string host_path;
    std::string guest_path;  ///< such as `/data`
    bool read_only = false;
};

enum class Network : std::uint8_t { none, all };

/// What a guest is not allowed unless its embedder says so.
enum class Capability : std::uint8_t { network, directories };

inline constexpr std::size_t kDefaultMaxThreads = std::size_t{1} << 14;

/// What a process calls.
struct EntryPoint {
    std::string_view function = "_start";
    std::span<const runtime::Value> arguments{};
    std::span<runtime::Value> results{};  ///< written if it returns
};

struct ProcessOptions {
    std::vector<std::string> args;  ///< args[0] is the program's name
    std::vector<std::string> env;   ///< `KEY=VALUE`
    std::vector<Preopen> preopens;  ///< descriptors from 3 up, in this order
    Network network = Network::none;
    /// TCP sockets that listen there, whatever `network` is: descriptors after the directories.
    std::vector<IpEndpoint> listeners;
    /// Which addresses and names of that network; null: all. Shared by a process's children.
    std::shared_ptr<NetPolicy> net_policy = nullptr;
    ResolverFiles resolver{};
    /// How many descriptors it may have open; a further one is mfile.
    std::size_t max_fds = FileTable::kMaxDescriptors;
    /// Host descriptors of 0, 1 and 2; -1: the guest has none. They are duplicated.
    std::array<int, 3> stdio{0, 1, 2};
    /// How many threads it may have at once, the main thread included.
    std::size_t max_threads = kDefaultMaxThreads;
    /// Called the first time, and only then, that the guest needs a capability it was not given.
    std::function<void(Capability)> on_missing_capability;
    OnUnknownImport on_unknown_import = OnUnknownImport::refuse;
    /// Called with `"module" "name"` when the guest calls an import that nobody has, which traps.
    std::function<void(const std::string&)> on_unknown_import_called;
    /// Where a tracer finds the process, or null: it cannot be traced. Outlives the process.
    trace::Target* trace = nullptr;
};

/// A list of strings as the guest receives them: each terminated by NUL, with their starts.
class StringList {
public:
    explicit StringList(const std::vector<std::string>& strings);
    [[nodiscard]] Size count() const { return static_cast<Size>(offsets_.size()); }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }
    [[nodiscard]] const std::vector<Size>& offsets() const { return offsets_; }

private:
    std::string bytes_;
    std::vector<Size> offsets_;
};

/// A guest process: what its system calls act on. Threads: handlers of any of its threads.
class Process {
public:
    /// `io` outlives the process. Errors: host (a preopened directory, a listener, stdio);
    /// limit (arguments or environment of 2^32 bytes and more).
    [[nodiscard]] static Result<std::unique_ptr<Process>, Error> create(ProcessOptions options,
                                                                        io::Backend& io);

    /// Makes `thread` the process's main thread: before an instance is created on it, whose start
    /// function may already make system calls. The process outlives `thread`.
    void attach(runtime::ThreadState& thread) { threads_.attach(thread); }

    /// Calls `_initialize`, if exported, then `entry`, on the attached `thread`, and waits until
    /// the process has ended: no other thread of it is left.
    /// Errors: invalid (no export of that name, or one of the two is no function of so many
    /// parameters and results; `_initialize` has none). wasix: 1.7
    [[nodiscard]] Result<Outcome, Error> run(runtime::Instance& instance,
                                             runtime::ThreadState& thread,
                                             const EntryPoint& entry = {});

    /// Ends the process so, when its main thread will run no code (any more), and waits until it
    /// has ended. Returns how: another thread may have ended it before. After Instance::create has
    /// failed, too, since a start function may have started threads.
    [[nodiscard]] Result<Outcome, Error> finish(Result<Outcome, Error> outcome);

    /// What a guest that left asked for: also the Left of Instance::create.
    [[nodiscard]] static Exited exited(const runtime::Left& left);

    /// What a tracer asks for (trace::Control::watch); 0, nearly always: nobody watches.
    [[nodiscard]] std::uint32_t watch() const { return watch_.load(std::memory_order_relaxed); }
    /// Not null while watch() is not 0.
    [[nodiscard]] trace::Target* trace_target() const { return trace_; }

    [[nodiscard]] io::Backend& io() const { return io_; }
    [[nodiscard]] FileTable& files() { return files_; }
    /// Empty for a guest without a root directory.
    [[nodiscard]] const HostDevices& devices() const { return devices_; }
    [[nodiscard]] TerminalSettings& terminal() { return terminal_; }
    [[nodiscard]] ThreadGroup& threads() { return threads_; }
    [[nodiscard]] Signals& signals() { return signals_; }
    [[nodiscard]] SignalTimers& signal_timers() { return signal_timers_; }
    [[nodiscard]] const StringList& args() const { return args_; }
    [[nodiscard]] const StringList& env() const { return env_; }
    [[nodiscard]] Pid pid() const { return Pid{1}; }
    [[nodiscard]] Pid parent_pid() const { return Pid{0}; }

    [[nodiscard]] bool has_network() const { return network_ != Network::none; }
    /// Errors: notsup (no network for this guest), which the embedder is told about. wasix: 6.22
    [[nodiscard]] Result<void, Errno> require_network() {
        if (network_ == Network::none) [[unlikely]] {
            report_missing(Capability::network);
            return fail(Errno::notsup);
        }
        return {};
    }
    /// Whether the guest may bind, connect or send to `address`. Errors: notsup (no network), perm
    /// (a rule of the network policy).
    [[nodiscard]] Result<void, Errno> require_network(const HostAddress& address,
                                                      Direction direction) {
        TRY(require_network());
        return net_policy_ == nullptr || address_is_allowed(address, direction)
                   ? Result<void, Errno>{}
                   : fail(Errno::perm);
    }
    /// Whether it may have Unix sockets, of which the network policy says nothing. Errors: notsup
    /// (no network), perm (only what the policy allows).
    [[nodiscard]] Result<void, Errno> require_unix_sockets() {
        TRY(require_network());
        return net_policy_ == nullptr ? Result<void, Errno>{} : fail(Errno::perm);
    }
    [[nodiscard]] UnixNames& unix_names() { return unix_names_; }
    /// Null: all addresses and names are allowed.
    [[nodiscard]] NetPolicy* net_policy() const { return net_policy_.get(); }
    /// The addresses of a host name, as resolve_name() finds them. Errors: those, and perm (a rule
    /// of the network policy).
    [[nodiscard]] Result<std::vector<IpAddress>, Errno> resolve(const std::string& name);
    /// Tells the embedder, once per capability.
    [[gnu::cold]] void report_missing(Capability capability);

    [[nodiscard]] OnUnknownImport on_unknown_import() const { return on_unknown_import_; }
    [[nodiscard]] UnknownImports& unknown_imports() { return unknown_imports_; }
    /// Tells the embedder that the guest has called it.
    [[gnu::cold]] void report_unknown_import(std::size_t index);

    /// An open file for a host descriptor just made by a system call.
    [[nodiscard]] Result<Fd, Errno> add_file(std::shared_ptr<OpenFile> file) {
        return files_.insert(Descriptor::of(std::move(file)));
    }

    /// Counts a context of one of its threads; false if it has kMaxContexts.
    [[nodiscard]] bool take_context();
    void give_back_context() { contexts_.fetch_sub(1, std::memory_order_relaxed); }

    [[nodiscard]] std::string cwd() const;
    void set_cwd(std::string path);

    /// What clock_time_set added to a clock. `clock` is one of the four.
    [[nodiscard]] std::int64_t clock_offset_ns(Clockid clock) const {
        return clock_offsets_ns_[static_cast<std::size_t>(clock)].load(std::memory_order_relaxed);
    }
    void set_clock_offset_ns(Clockid clock, std::int64_t offset_ns) {
        clock_offsets_ns_[static_cast<std::size_t>(clock)].store(offset_ns,
                                                                 std::memory_order_relaxed);
    }

private:
    Process(ProcessOptions options, io::Backend& io);
    [[gnu::cold]] bool address_is_allowed(const HostAddress& address, Direction direction) const;
    Result<void, Error> open_stdio(const std::array<int, 3>& stdio);
    Result<void, Error> open_preopens(const std::vector<Preopen>& preopens);
    Result<void, Error> open_listeners(const std::vector<IpEndpoint>& listeners);
    /// Nothing if only the thread has ended. Errors: as run().
    Result<std::optional<Outcome>, Error> call_export(runtime::Instance& instance,
                                                      runtime::ThreadState& thread,
                                                      const EntryPoint& entry);
    Result<std::optional<Outcome>, Error> call_entry(runtime::Instance& instance,
                                                     runtime::ThreadState& thread,
                                                     const EntryPoint& entry);

    io::Backend& io_;
    trace::Target* const trace_;
    const std::atomic<std::uint32_t>& watch_;
    FileTable files_;
    const StringList args_;
    const StringList env_;
    const Network network_;
    const std::shared_ptr<NetPolicy> net_policy_;
    const ResolverFiles resolver_;
    HostDevices devices_;
    UnixNames unix_names_;
    TerminalSettings terminal_;
    const std::function<void(Capability)> on_missing_capability_;
    const OnUnknownImport on_unknown_import_;
    const std::function<void(const std::string&)> on_unknown_import_called_;
    UnknownImports unknown_imports_;
    std::atomic<std::size_t> contexts_{0};
    std::array<std::atomic<bool>, 2> reported_{};  // by Capability
    std::array<std::atomic<std::int64_t>, 4> clock_offsets_ns_{};
    mutable std::mutex mutex_;  // guards cwd_; no other lock is taken under it
    std::string cwd_ = "/";
    Signals signals_;
    ThreadGroup threads_;
    SignalTimers signal_timers_;  // last: it sends signals from a thread of its own
};

}  // namespace wasmax::wasix
