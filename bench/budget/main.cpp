// How many instructions wasmax itself spends on a system call, counted by callgrind, against
// bench/budgets.json: `./dev bench budgets`, or `./dev bench budgets --bless` to write what is
// counted now. The kernel's instructions are not among them.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "abi/vm_context.h"
#include "base/unique_fd.h"
#include "io/batch.h"
#include "io/kernel_call.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "trace/shared.h"
#include "trace/target.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/import_table.h"
#include "wasix/process.h"
#include "wasix/traced.h"

namespace wasmax::bench {
namespace {

constexpr std::uint32_t kMemoryBytes = 65536;
constexpr std::uint32_t kIovs = 0x100;
constexpr std::uint32_t kOut = 0x200;
constexpr std::uint32_t kBuffer = 0x1000;
constexpr std::uint32_t kSubscriptions = 0x2000;
constexpr std::uint32_t kEvents = 0x4000;
constexpr unsigned kCalls = 1000;
constexpr unsigned kPolled = 64;
constexpr unsigned kMirrored = 128;
constexpr double kTolerance = 1.03;

[[noreturn]] void give_up(const std::string& what) {
    fmt::print(stderr, "budgets: {}\n", what);
    std::exit(1);
}

/// The memory and the process of a guest without code, which calls entries as compiled code does.
class Guest {
public:
    /// One that is recorded, unless `mode` is off.
    explicit Guest(trace::Mode mode = trace::Mode::off)
        : memory_(kMemoryBytes), state_{memory_.data(), kMemoryBytes} {
        wasix::ProcessOptions options;
        if (mode != trace::Mode::off) {
            auto target = trace::Target::create([] { return std::string(); });
            if (!target) {
                give_up("no target");
            }
            target_ = std::move(*target);
            options.trace = target_.get();
        }
        options.stdio = {-1, -1, -1};
        options.network = wasix::Network::all;
        auto process = wasix::Process::create(std::move(options), io_);
        auto thread = runtime::ThreadState::create(store_);
        if (!process || !thread) {
            give_up("no process");
        }
        process_ = std::move(*process);
        thread_ = std::move(*thread);
        process_->attach(*thread_);
        context_.memory_base = memory_.data();
        context_.memory0 = &state_;
        context_.thread = thread_.get();
        store(kIovs, wasix::Iovec32{kBuffer, 64});
        if (mode != trace::Mode::off) {
            watch(mode);
        }
    }
    ~Guest() { wasix::stop_recording_thread(); }
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    template <class T>
    void store(std::uint32_t address, const T& value) {
        std::memcpy(memory_.data() + address, &value, sizeof value);
    }
    std::int32_t out() const {
        std::int32_t value = 0;
        std::memcpy(&value, memory_.data() + kOut, sizeof value);
        return value;
    }
    std::int32_t adopt(UniqueFd fd) {
        auto file = wasix::OpenFile::adopt(std::move(fd), io_);
        return static_cast<std::int32_t>(*process_->add_file(std::move(*file)));
    }
    /// A file that the guest opened itself, for reading and writing.
    std::int32_t own(UniqueFd fd) {
        auto file =
            wasix::OpenFile::opened(std::move(fd), O_RDWR, io_, process_->files().threads());
        return static_cast<std::int32_t>(*process_->add_file(std::move(*file)));
    }
    /// A call of `name` with these arguments, each a 32-bit value, that must succeed.
    template <class... Arguments>
    auto entry(const char* name, Arguments... arguments) {
        using Entry = std::uint32_t (*)(abi::VmContext*, decltype((void(arguments), 0U))...);
        const auto function =
            std::bit_cast<Entry>(wasix::find_syscall("wasix_32v1", name)->narrow.entry);
        return [this, function, name, ... values = static_cast<std::uint32_t>(arguments)] {
            if (const std::uint32_t error = function(&context_, values...)) {
                give_up(fmt::format("{} gave errno {}", name, error));
            }
        };
    }
    wasix::Process& process() { return *process_; }

private:
    /// Switches recording on as a tracer does. It is not drained: a ring holds all that is counted.
    void watch(trace::Mode mode) {
        if (::ftruncate(target_->memory_fd(), static_cast<off_t>(trace::kSharedBytes)) != 0) {
            give_up("no memory for records");
        }
        trace::Control& control = target_->control();
        control.ticks_per_ns = 1;
        constexpr std::uint32_t kFirst = 1U << trace::kGenerationShift;
        control.watch.store(static_cast<std::uint32_t>(mode) | kFirst);
    }

    io::BatchBackend io_;  // the default of `run`
    std::unique_ptr<trace::Target> target_;
    std::vector<std::byte> memory_;
    abi::MemoryState state_;
    runtime::Store store_;
    std::unique_ptr<wasix::Process> process_;
    std::unique_ptr<runtime::ThreadState> thread_;
    abi::VmContext context_{};
};

/// What is counted, and what comes before each call uncounted.
struct Path {
    std::function<void()> call;
    std::function<void()> before = [] {};
};

Path make_host_call(Guest& guest) { return {guest.entry("proc_id", kOut)}; }

/// What the tracer adds to a call while nobody watches: its check in the entry, and around the
/// kernel. The call of an empty function is counted with it.
Path make_check(Guest& guest) {
    return {[&process = guest.process()] {
        if (process.watch() != 0) [[unlikely]] {
            give_up("somebody watches");
        }
        const io::KernelCall kernel;
        asm volatile("" : : : "memory");
    }};
}

Path make_file(Guest& guest, const char* name) {
    UniqueFd file(::memfd_create("budget", MFD_CLOEXEC));
    if (::ftruncate(file.get(), 1 << 20) != 0) {
        give_up("no file");
    }
    return {guest.entry(name, guest.own(std::move(file)), kIovs, 1, kOut)};
}

Path make_stream(Guest& guest, bool receives) {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        give_up("no sockets");
    }
    const int other = pair[1];
    const std::int32_t fd = guest.adopt(UniqueFd(pair[0]));
    if (receives) {
        return {guest.entry("sock_recv", fd, kIovs, 1, 0, kOut, kOut + 4), [other] {
                    const char bytes[64]{};
                    [[maybe_unused]] const auto sent = ::send(other, bytes, sizeof bytes, 0);
                }};
    }
    return {guest.entry("sock_send", fd, kIovs, 1, 0, kOut), [other] {
                char bytes[4096];
                [[maybe_unused]] const auto got = ::recv(other, bytes, sizeof bytes, MSG_DONTWAIT);
            }};
}

Path make_accept(Guest& guest) {
    UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener.get(), raw, bytes) != 0 || ::listen(listener.get(), 16) != 0 ||
        ::getsockname(listener.get(), raw, &bytes) != 0) {
        give_up("no listener");
    }
    const std::int32_t fd = guest.adopt(std::move(listener));
    const auto last = std::make_shared<std::int32_t>(-1);
    const auto client = std::make_shared<UniqueFd>();
    const auto accept = guest.entry("sock_accept_v2", fd, 0, kOut, kBuffer);
    return {[&guest, accept, last] {
                accept();
                *last = guest.out();
            },
            [&guest, address, last, client]() mutable {
                if (*last >= 0) {
                    guest.entry("fd_close", *last)();
                }
                client->reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
                ::connect(client->get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
            }};
}

Path make_poll(Guest& guest) {
    for (unsigned i = 0; i < kPolled; ++i) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            give_up("no pipes");
        }
        wasix::Subscription subscription{};
        subscription.userdata = i;
        subscription.type = wasix::Eventtype::fd_write;
        subscription.clock = static_cast<wasix::Clockid>(guest.adopt(UniqueFd(ends[1])));
        guest.store(kSubscriptions + i * sizeof subscription, subscription);
    }
    return {guest.entry("poll_oneoff", kSubscriptions, kEvents, kPolled, kOut)};
}

/// More than are polled one by one: the kernel has them. One is ready.
Path make_mirrored_poll(Guest& guest) {
    for (unsigned i = 0; i < kMirrored; ++i) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) {
            give_up("no pipes");
        }
        if (i == kMirrored / 2 && ::write(ends[1], "x", 1) != 1) {
            give_up("no data");
        }
        wasix::Subscription subscription{};
        subscription.userdata = i;
        subscription.type = wasix::Eventtype::fd_read;
        subscription.clock = static_cast<wasix::Clockid>(guest.adopt(UniqueFd(ends[0])));
        guest.store(kSubscriptions + i * sizeof subscription, subscription);
        guest.adopt(UniqueFd(ends[1]));  // open, or its reader would be ready
    }
    return {guest.entry("poll_oneoff", kSubscriptions, kEvents, kMirrored, kOut)};
}

Path make_lookup(Guest& guest) {
    const std::int32_t fd = guest.adopt(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
    return {[&guest, fd] {
        const auto file = guest.process().files().lookup(wasix::Fd{fd}, wasix::Right::fd_read);
        if (!file.has_value()) {
            give_up("no file");
        }
        asm volatile("" : : "r"(&*file) : "memory");
    }};
}

struct Row {
    std::string name;
    std::function<Path(Guest&)> make;
    trace::Mode mode = trace::Mode::off;
};

const std::vector<Row>& rows() {
    static const std::vector<Row> all{
        {"host_call", make_host_call},
        {"fd_lookup", make_lookup},
        {"fd_read", [](Guest& guest) { return make_file(guest, "fd_read"); }},
        {"fd_write", [](Guest& guest) { return make_file(guest, "fd_write"); }},
        {"sock_recv", [](Guest& guest) { return make_stream(guest, true); }},
        {"sock_send", [](Guest& guest) { return make_stream(guest, false); }},
        {"sock_accept", make_accept},
        {"poll_64", make_poll},
        {"poll_128_mirrored", make_mirrored_poll},
        {"empty", [](Guest& /*guest*/) { return Path{[] {}}; }},
        {"trace_off", make_check},
        {"trace_aggregate", make_host_call, trace::Mode::aggregate},
        {"trace_full", make_host_call, trace::Mode::full},
        {"send_aggregate", [](Guest& guest) { return make_stream(guest, false); },
         trace::Mode::aggregate},
        {"send_full", [](Guest& guest) { return make_stream(guest, false); }, trace::Mode::full}};
    return all;
}

}  // namespace
}  // namespace wasmax::bench

/// Callgrind counts what happens in here, by its name.
extern "C" [[gnu::noinline]] void wasmax_measured(const std::function<void()>& call) { call(); }

namespace wasmax::bench {
namespace {

void run_path(const std::string& name) {
    for (const Row& row : rows()) {
        if (row.name == name) {
            Guest guest(row.mode);
            const Path path = row.make(guest);
            path.before();
            path.call();  // what happens once is no cost of a call
            for (unsigned i = 0; i < kCalls; ++i) {
                path.before();
                wasmax_measured(path.call);
            }
            return;
        }
    }
    give_up("no path " + name);
}

/// Instructions per call of the path.
double count_instructions(const std::string& self, const std::string& name) {
    const std::string file = "/tmp/wasmax-budget-" + std::to_string(::getpid());
    const pid_t child = ::fork();
    if (child == 0) {
        UniqueFd quiet(::open("/dev/null", O_WRONLY));
        ::dup2(quiet.get(), STDERR_FILENO);
        ::execlp("valgrind", "valgrind", "--tool=callgrind", "--collect-atstart=no",
                 "--toggle-collect=wasmax_measured", ("--callgrind-out-file=" + file).c_str(),
                 self.c_str(), name.c_str(), nullptr);
        ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    std::ifstream counts(file);
    ::unlink(file.c_str());
    for (std::string line; std::getline(counts, line);) {
        constexpr std::string_view kTotal = "totals: ";
        if (line.starts_with(kTotal)) {
            return std::strtod(line.c_str() + kTotal.size(), nullptr) / kCalls;
        }
    }
    give_up("callgrind counted nothing for " + name + " (exit status " + std::to_string(status) +
            "): is valgrind installed?");
}

int check(const std::string& self, const std::string& budget_file, bool bless) {
    nlohmann::json budgets = nlohmann::json::object();
    if (std::ifstream stream(budget_file); stream) {
        budgets = nlohmann::json::parse(stream);
    }
    bool exceeded = false;
    fmt::print("{:<18} {:>12} {:>8}\n", "path", "instructions", "budget");
    for (const Row& row : rows()) {
        const std::string& name = row.name;
        const double count = count_instructions(self, name);
        if (bless) {
            budgets[name] = static_cast<int>(count + 0.5);
        }
        const double budget = budgets.value(name, 0.0);
        const bool over = count > budget * kTolerance;
        exceeded = exceeded || over;
        fmt::print("{:<18} {:>12.1f} {:>8.0f}{}\n", name, count, budget, over ? "  exceeded" : "");
    }
    if (bless) {
        std::ofstream(budget_file) << budgets.dump(4) << '\n';
    }
    return exceeded ? 1 : 0;
}

}  // namespace
}  // namespace wasmax::bench

int main(int argc, char** argv) {
    const std::string argument = argc > 1 ? argv[1] : "";
    if (argument.empty() || argument == "--bless") {
        return wasmax::bench::check(argv[0], WASMAX_BUDGETS, argument == "--bless");
    }
    wasmax::bench::run_path(argument);
    return 0;
}
