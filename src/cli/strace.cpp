// `wasmax strace`: system calls as text, while they happen.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/App.hpp>
#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "cli/trace_explain.h"
#include "cli/trace_record.h"
#include "cli/trace_text.h"
#include "trace/fields.h"
#include "trace/file_reader.h"
#include "trace/schema.h"
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::cli {
namespace {

/// Which calls to print; an empty set is all.
struct Filter {
    std::vector<std::string> calls;
    std::set<std::int64_t> fds;
    std::vector<std::string> errors;
    std::set<std::int32_t> threads;
    bool explain = false;
    std::string output;  ///< empty: stderr

    [[nodiscard]] bool wants(const trace::Schema& schema, const trace::Record& record,
                             std::int32_t thread) const {
        const auto has = [](const auto& list, const auto& value) {
            return list.empty() || std::ranges::find(list, value) != list.end();
        };
        if (!has(calls, schema.call_name(record.call)) || !has(threads, thread)) {
            return false;
        }
        if (!errors.empty() &&
            (record.error == 0 ||
             !(has(errors, schema.error_name(record.error)) || errors.front() == "any"))) {
            return false;
        }
        if (fds.empty()) {
            return true;
        }
        const auto values = trace::decode(schema, record);
        return std::ranges::any_of(values, [&](const trace::FieldValue& value) {
            return value.field->kind == trace::FieldKind::fd &&
                   fds.contains(static_cast<std::int32_t>(value.number));
        });
    }
};

/// Prints records as they come.
class LiveText final : public trace::Sink {
public:
    LiveText(Filter filter, const trace::Recording& recording)
        : filter_(std::move(filter)), recording_(recording) {
        if (!filter_.output.empty()) {
            file_ = UniqueFd(
                ::open(filter_.output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
        }
    }

    Result<void, Error> schema(std::string_view text) override {
        schema_ = TRY(trace::Schema::from_text(text));
        explainer_.emplace(schema_);
        return {};
    }
    Result<void, Error> thread(const trace::ThreadInfo& thread) override {
        tids_[thread.id] = thread.guest_tid;
        return {};
    }
    Result<void, Error> records(std::uint32_t thread, trace::Ticks base,
                                ByteView records) override {
        std::string text;
        (void)trace::read_records(thread, base, records, [&](const trace::Record& record) {
            add(record, tids_[thread], text);
        });
        return write(text);
    }
    Result<void, Error> totals(std::uint32_t /*thread*/, std::uint16_t /*call*/,
                               const trace::CallTotals& /*totals*/) override {
        return {};
    }
    Result<void, Error> sample(const trace::Moment& /*moment*/,
                               const std::vector<trace::ThreadSample>& threads) override {
        for (const trace::ThreadSample& sample : threads) {
            const std::uint64_t before = std::exchange(dropped_[sample.id], sample.dropped);
            if (sample.dropped > before) {
                TRY(write(fmt::format("[{}] ... {} calls were too many to print\n",
                                      tids_[sample.id], sample.dropped - before)));
            }
        }
        return {};
    }

private:
    void add(const trace::Record& record, std::int32_t tid, std::string& text) {
        const auto sentence = explainer_->see(record, tid);
        if (!filter_.wants(schema_, record, tid)) {
            return;
        }
        const double begin_s =
            static_cast<double>(static_cast<std::int64_t>(record.begin - recording_.start.ticks)) /
            recording_.ticks_per_ns / 1e9;
        text +=
            fmt::format("[{}] {:.6f} {} <{}>\n", tid, begin_s, call_text(schema_, record),
                        rust_duration(static_cast<double>(record.total) / recording_.ticks_per_ns));
        if (filter_.explain && sentence) {
            text += "      ^ " + *sentence + "\n";
        }
    }
    Result<void, Error> write(std::string_view text) {
        while (!text.empty()) {
            const ssize_t written =
                ::write(file_ ? file_.get() : STDERR_FILENO, text.data(), text.size());
            if (written < 0) {
                const int error = errno;
                if (error != EINTR) {
                    return fail(Error::from_errno(error, "printing calls"));
                }
                continue;
            }
            text.remove_prefix(static_cast<std::size_t>(written));
        }
        return {};
    }

    Filter filter_;
    trace::Recording recording_;
    UniqueFd file_;
    trace::Schema schema_;
    std::optional<Explainer> explainer_;  // of schema_
    std::map<std::uint32_t, std::int32_t> tids_;
    std::map<std::uint32_t, std::uint64_t> dropped_;
};

RecordOptions live(const Filter& filter) {
    RecordOptions options;
    options.live = [filter](const trace::Recording& recording) {
        return std::make_unique<LiveText>(filter, recording);
    };
    return options;
}

constexpr const char* kExamples = R"(Examples:
  wasmax strace hello.wasm
  wasmax strace server.wasm --net -e sock_accept_v2,sock_send
  wasmax strace server.wasm --net --errno any --explain
  wasmax strace -p 4711 --fd 5                  a running program, until Ctrl-C)";

}  // namespace

void add_strace(CLI::App& app, const std::vector<std::string>& guest_arguments, int& exit_code) {
    auto* command = app.add_subcommand("strace", "Run a program and print its system calls");
    const auto flags = std::make_shared<RunFlags>();
    const auto filter = std::make_shared<Filter>();
    const auto pid = std::make_shared<int>(0);
    add_program_options(*command, flags);
    command->get_option("FILE")->required(false);
    command->add_option("-e,--calls", filter->calls, "Only these calls")
        ->delimiter(',')
        ->type_name("NAME,...")
        ->allow_extra_args(false);
    command->add_option("--fd", filter->fds, "Only calls with one of these descriptors")
        ->delimiter(',')
        ->type_name("FD,...")
        ->allow_extra_args(false);
    command->add_option("--errno", filter->errors, "Only calls that failed so, or `any`")
        ->delimiter(',')
        ->type_name("NAME,...")
        ->allow_extra_args(false);
    command->add_option("--thread", filter->threads, "Only calls of these threads")
        ->delimiter(',')
        ->type_name("TID,...")
        ->allow_extra_args(false);
    command->add_flag("--explain", filter->explain, "Say which rule a call that fails broke");
    command->add_option("-o,--output", filter->output, "Print into a file instead of stderr")
        ->type_name("FILE");
    command->add_option("-p,--attach", *pid, "A running program instead of a new one")
        ->type_name("PID");
    command->footer(kExamples);
    command->callback([flags, filter, pid, &guest_arguments, &exit_code] {
        if ((*pid > 0) != flags->file.empty()) {
            report("what to trace? A FILE to run, or -p PID");
            exit_code = kExitUsage;
            return;
        }
        if (*pid > 0) {
            exit_code = record_process(*pid, live(*filter), 0, {});
            return;
        }
        flags->arguments.insert(flags->arguments.end(), guest_arguments.begin(),
                                guest_arguments.end());
        flags->live = live(*filter);
        exit_code = run_file(*flags);
    });
}

}  // namespace wasmax::cli
