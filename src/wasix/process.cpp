#include "wasix/process.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "runtime/extern.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "trace/target.h"
#include "wasix/address.h"
#include "wasix/asyncify.h"
#include "wasix/contexts.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/host_devices.h"
#include "wasix/net_rules.h"
#include "wasix/outcome.h"
#include "wasix/path_resolve.h"
#include "wasix/resolver.h"
#include "wasix/resumable_call.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

std::uint64_t bytes_of(const std::vector<std::string>& strings) {
    std::uint64_t bytes = 0;
    for (const std::string& string : strings) {
        bytes += string.size() + 1;
    }
    return bytes;
}

/// The word of processes that no tracer can find.
constexpr std::atomic<std::uint32_t> kNobody{0};

}  // namespace

StringList::StringList(const std::vector<std::string>& strings) {
    bytes_.reserve(bytes_of(strings));
    offsets_.reserve(strings.size());
    for (const std::string& string : strings) {
        offsets_.push_back(static_cast<Size>(bytes_.size()));
        bytes_.append(string);
        bytes_.push_back('\0');
    }
}

Process::Process(ProcessOptions options, io::Backend& io)
    : io_(io),
      trace_(options.trace),
      watch_(options.trace == nullptr ? kNobody : options.trace->watch()),
      args_(options.args),
      env_(options.env),
      network_(options.network),
      net_policy_(std::move(options.net_policy)),
      resolver_(std::move(options.resolver)),
      on_missing_capability_(std::move(options.on_missing_capability)),
      on_unknown_import_(options.on_unknown_import),
      on_unknown_import_called_(std::move(options.on_unknown_import_called)),
      signals_(*this),
      threads_(*this, Tid{static_cast<std::int32_t>(pid())}, options.max_threads),
      signal_timers_(signals_) {}

Result<std::unique_ptr<Process>, Error> Process::create(ProcessOptions options, io::Backend& io) {
    constexpr std::uint64_t kMaxBytes = std::numeric_limits<Size>::max();
    if (bytes_of(options.args) > kMaxBytes || bytes_of(options.env) > kMaxBytes) {
        return fail(Error::limit("the arguments or the environment do not fit a guest's memory"));
    }
    const std::array<int, 3> stdio = options.stdio;
    const std::vector<Preopen> preopens = std::move(options.preopens);
    const std::vector<IpEndpoint> listeners = std::move(options.listeners);
    const std::size_t max_fds = options.max_fds;
    std::unique_ptr<Process> process(new Process(std::move(options), io));
    process->files_.limit(max_fds);
    TRY(process->open_stdio(stdio));
    TRY(process->open_preopens(preopens));
    TRY(process->open_listeners(listeners));
    return process;
}

Result<void, Error> Process::open_stdio(const std::array<int, 3>& stdio) {
    for (std::size_t number = 0; number < stdio.size(); ++number) {
        if (stdio[number] < 0) {
            continue;
        }
        const std::string doing = "descriptor " + std::to_string(stdio[number]) +
                                  " as the guest's " + std::to_string(number);
        UniqueFd copy(::fcntl(stdio[number], F_DUPFD_CLOEXEC, 0));
        if (!copy) {
            return fail(Error::from_errno(errno, doing));
        }
        auto file = OpenFile::adopt(std::move(copy), io_);
        if (!file.has_value()) {
            return fail(Error::from_errno(static_cast<int>(file.error()), doing));
        }
        (*file)->set_inherited();
        const auto placed = files_.replace(Fd{static_cast<std::int32_t>(number)},
                                           Descriptor::of(std::move(file).value()));
        WASMAX_ASSERT(placed.has_value());  // three numbers always fit
    }
    return {};
}

Result<void, Error> Process::open_preopens(const std::vector<Preopen>& preopens) {
    for (const Preopen& preopen : preopens) {
        const std::string doing = "directory " + preopen.host_path;
        UniqueFd directory(::open(preopen.host_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory) {
            return fail(Error::from_errno(errno, doing));
        }
        auto file = OpenFile::adopt(std::move(directory), io_);
        if (!file.has_value()) {
            return fail(Error::from_errno(static_cast<int>(file.error()), doing));
        }
        Descriptor descriptor = Descriptor::of(std::move(file).value());
        descriptor.preopen = std::make_shared<const std::string>(preopen.guest_path);
        descriptor.read_only = preopen.read_only;
        if (is_root(descriptor)) {
            devices_ = HostDevices::open();
        }
        if (!files_.insert(std::move(descriptor), kFirstPreopen).has_value()) {
            return fail(Error::limit("too many preopened directories"));
        }
    }
    return {};
}

Result<void, Error> Process::open_listeners(const std::vector<IpEndpoint>& listeners) {
    for (const IpEndpoint& endpoint : listeners) {
        const std::string doing = "listening at port " + std::to_string(endpoint.port);
        const HostAddress address = host_address(endpoint.address, endpoint.port);
        UniqueFd listener(
            ::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const int on = 1;
        if (!listener ||
            ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
            ::bind(listener.get(), &address.any, address.bytes) != 0 ||
            ::listen(listener.get(), SOMAXCONN) != 0) {
            return fail(Error::from_errno(errno, doing));
        }
        auto file = OpenFile::adopt(std::move(listener), io_);
        if (!file.has_value()) {
            return fail(Error::from_errno(static_cast<int>(file.error()), doing));
        }
        if (!files_.insert(Descriptor::of(std::move(file).value()), kFirstPreopen).has_value()) {
            return fail(Error::limit("too many listening sockets"));
        }
    }
    return {};
}

Exited Process::exited(const runtime::Left& left) {
    return {static_cast<std::uint8_t>(left.reason & 0xff)};  // wasix: 1.10
}

Result<std::optional<Outcome>, Error> Process::call_export(runtime::Instance& instance,
                                                           runtime::ThreadState& thread,
                                                           const EntryPoint& entry) {
    const auto found = instance.export_(entry.function);
    const auto* function = found ? std::get_if<runtime::Function>(&*found) : nullptr;
    if (function == nullptr || function->ref == nullptr ||
        function->type->parameters.size() != entry.arguments.size() ||
        function->type->results.size() != entry.results.size()) {
        return fail(Error::invalid("export `" + std::string(entry.function) +
                                   "` is no function without parameters and results"));
    }
    auto outcome = ResumableCall(thread, *function).run(entry.arguments, entry.results);
    if (const auto* left = std::get_if<runtime::Left>(&outcome)) {
        return ProcessExit::of(left->reason).only_thread ? std::nullopt
                                                         : std::optional<Outcome>(exited(*left));
    }
    if (auto* trapped = std::get_if<runtime::Trapped>(&outcome)) {
        return std::optional<Outcome>(std::move(*trapped));
    }
    return std::optional<Outcome>(runtime::Returned{});
}

Result<std::optional<Outcome>, Error> Process::call_entry(runtime::Instance& instance,
                                                          runtime::ThreadState& thread,
                                                          const EntryPoint& entry) {
    if (!instance.export_(entry.function)) {
        return fail(Error::invalid("the module exports no function `" +
                                   std::string(entry.function) +
                                   "`: it is a library, not a program"));
    }
    static_cast<Thread*>(thread.host)->stack = main_stack(instance);
    if (instance.export_("_initialize")) {
        auto outcome = TRY(call_export(instance, thread, {.function = "_initialize"}));
        if (!outcome.has_value() || !std::holds_alternative<runtime::Returned>(*outcome)) {
            return outcome;
        }
    }
    return call_export(instance, thread, entry);
}

bool Process::address_is_allowed(const HostAddress& address, Direction direction) const {
    const auto endpoint = ip_endpoint(address);
    // Others, such as none at all, name nothing that could be reached.
    return !endpoint || net_policy_->allows(endpoint->address, endpoint->port, direction);
}

Result<std::vector<IpAddress>, Errno> Process::resolve(const std::string& name) {
    IpAddress literal;
    const bool is_literal = parse_literal(name, literal);
    if (net_policy_ != nullptr && !is_literal && !net_policy_->rules().allows_name(name)) {
        return fail(Errno::perm);
    }
    std::vector<IpAddress> addresses = TRY(resolve_name(io_, resolver_, name));
    if (net_policy_ != nullptr && !is_literal) {
        net_policy_->learn(name, addresses);
    }
    return addresses;
}

Result<Outcome, Error> Process::run(runtime::Instance& instance, runtime::ThreadState& thread,
                                    const EntryPoint& entry) {
    auto outcome = call_entry(instance, thread, entry);
    threads_.main().contexts.end(threads_.main());
    if (!outcome.has_value()) {
        return finish(fail(std::move(outcome).error()));
    }
    if (outcome->has_value()) {
        return finish(**std::move(outcome));
    }
    // Only the main thread has ended; the process ends with the last one. wasix: 8.4
    auto ended = threads_.wait();
    return ended.has_value() ? *std::move(ended) : Outcome(runtime::Returned{});
}

Result<Outcome, Error> Process::finish(Result<Outcome, Error> outcome) {
    threads_.main().contexts.end(threads_.main());  // of a start function
    threads_.end(std::move(outcome));
    auto ended = threads_.wait();
    WASMAX_ASSERT(ended.has_value());
    return *std::move(ended);
}

void Process::report_missing(Capability capability) {
    const bool first = !reported_[static_cast<std::size_t>(capability)].exchange(true);
    if (first && on_missing_capability_) {
        on_missing_capability_(capability);
    }
}

void Process::report_unknown_import(std::size_t index) {
    if (on_unknown_import_called_) {
        on_unknown_import_called_(unknown_imports_.name(index));
    }
}

bool Process::take_context() {
    if (contexts_.fetch_add(1, std::memory_order_relaxed) < kMaxContexts) {
        return true;
    }
    give_back_context();
    return false;
}

std::string Process::cwd() const {
    const std::lock_guard guard(mutex_);
    return cwd_;
}

void Process::set_cwd(std::string path) {
    const std::lock_guard guard(mutex_);
    cwd_ = std::move(path);
}

}  // namespace wasmax::wasix
