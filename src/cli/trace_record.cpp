#include "cli/trace_record.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "cli/commands.h"
#include "trace/file_writer.h"
#include "trace/shared.h"
#include "trace/target.h"
#include "trace/tracer.h"

namespace wasmax::cli {
namespace {

constexpr const char* kDefaultFile = "wasmax.trace";
constexpr char kReady = '+';

/// Writes all of `text`; a reader that is gone needs no message.
void tell(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return;
        }
        text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
}

std::string read_all(int fd) {
    std::string text;
    char buffer[512];
    for (;;) {
        const ssize_t got = ::read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return text;
        }
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.back() == kReady) {
            return text;
        }
    }
}

/// The recorder's life. `guest` is the process that it records.
int record_guest(UniqueFd memory, pid_t guest, const RecordOptions& options, UniqueFd parent) {
    // SIGXFSZ: a file that may not get larger is an error of write(), as a full disk is.
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXFSZ}) {
        struct sigaction ignore{};
        ignore.sa_handler = SIG_IGN;
        ::sigaction(number, &ignore, nullptr);
    }
    // The guest's input and output are its own.
    const UniqueFd nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(nothing.get(), STDIN_FILENO);
    ::dup2(nothing.get(), STDOUT_FILENO);
    auto tracer = trace::Tracer::adopt(std::move(memory), guest);
    if (!tracer) {
        tell(parent.get(), tracer.error().message);
        return kExitFailure;
    }
    bool told = false;
    const auto ended = record(*tracer, options, [&] {
        if (!std::exchange(told, true)) {
            tell(parent.get(), {&kReady, 1});
        }
        return false;
    });
    if (!ended) {
        if (told) {
            report("recording stopped: " + ended.error().message);
        } else {
            tell(parent.get(), ended.error().message);
        }
        return kExitFailure;
    }
    return 0;
}

}  // namespace

Result<std::string, Error> record(trace::Tracer& tracer, const RecordOptions& options,
                                  const std::function<bool()>& should_stop) {
    if (options.live) {
        TRY(tracer.start(options.mode));
        const auto sink = options.live(tracer.recording());
        TRY(tracer.run(*sink, should_stop));
        return std::string();
    }
    // The file first: without it, nothing is switched on.
    const UniqueFd probe(::open(options.path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    if (!probe) {
        return fail(Error::from_errno(errno, "writing the trace " + options.path));
    }
    TRY(tracer.start(options.mode));
    const auto writer =
        TRY(trace::FileWriter::create(options.path, tracer.recording(), options.limit));
    TRY(tracer.run(*writer, should_stop));
    std::string reason;
    if (tracer.unrecorded() != 0) {
        reason = std::to_string(tracer.unrecorded()) + " threads found no room to be recorded";
    }
    TRY(writer->end(reason));
    return reason;
}

Result<RecorderProcess, Error> RecorderProcess::start(const trace::Target& target,
                                                      const RecordOptions& options) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return fail(Error::from_errno(errno, "starting the recorder"));
    }
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t guest = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return fail(Error::from_errno(errno, "starting the recorder"));
    }
    if (child == 0) {
        // Twice, so that it is nobody's child: the guest may wait for all of its own.
        read_end.reset();
        const pid_t recorder = ::fork();
        if (recorder == 0) {
            UniqueFd memory(::fcntl(target.memory_fd(), F_DUPFD_CLOEXEC, 3));
            ::_exit(record_guest(std::move(memory), guest, options, std::move(write_end)));
        }
        ::_exit(recorder < 0 ? 1 : 0);
    }
    write_end.reset();
    int status = 0;
    ::waitpid(child, &status, 0);
    std::string message = read_all(read_end.get());
    if (!message.ends_with(kReady)) {
        return fail(Error::invalid(message.empty() ? "the recorder could not be started"
                                                   : std::move(message)));
    }
    return RecorderProcess(std::move(read_end));
}

void RecorderProcess::finish(trace::Target& target) {
    target.control().has_ended.store(1, std::memory_order_release);
    (void)read_all(done_.get());
}

RecordOptions record_options(const std::string& value) {
    RecordOptions options;
    std::string_view rest = value;
    constexpr std::string_view kAggregate = "aggregate";
    if (rest == kAggregate || rest.starts_with("aggregate:")) {
        options.mode = trace::Mode::aggregate;
        rest.remove_prefix(std::min(rest.size(), kAggregate.size() + 1));
    }
    options.path = rest.empty() ? kDefaultFile : std::string(rest);
    return options;
}

Result<Bytes, Error> parse_size(const std::string& text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(end, text.data() + text.size());
    const std::uint64_t factor = unit.empty()  ? 1
                                 : unit == "K" ? kKiB
                                 : unit == "M" ? kMiB
                                 : unit == "G" ? kGiB
                                               : 0;
    if (error != std::errc() || factor == 0 || number > (std::uint64_t{1} << 50) / factor) {
        return fail(Error::invalid("a size is a number with K, M or G, not `" + text + "`"));
    }
    return Bytes{number * factor};
}

}  // namespace wasmax::cli
