// Recording into the shared memory, the file, and what is read back.

#include "trace/recorder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "base/units.h"
#include "trace/analysis.h"
#include "trace/fields.h"
#include "trace/file_reader.h"
#include "trace/file_writer.h"
#include "trace/payload.h"
#include "trace/schema.h"
#include "trace/shared.h"
#include "trace/target.h"
#include "trace/tracer.h"

namespace wasmax::trace {
namespace {

Schema schema() {
    Schema schema;
    schema.errors = {{8, "badf"}, {6, "again"}};
    schema.calls = {
        {"m", "fd_close", true, false, {{"fd", FieldKind::fd, false, {}}}},
        {"m",
         "sock_accept",
         true,
         true,
         {{"fd", FieldKind::fd, false, {}},
          {"flags", FieldKind::flags16, false, {{4, "nonblock"}, {1, "append"}}},
          {"ro_fd", FieldKind::fd, true, {}},
          {"ro_addr", FieldKind::socket_address, true, {}}}},
        {"m", "path_open", true, false, {{"path", FieldKind::string, false, {}}}},
    };
    return schema;
}

std::unique_ptr<Target> make_target() {
    auto target = Target::create([] { return schema().to_text(); });
    EXPECT_TRUE(target.has_value());
    return std::move(*target);
}

Tracer make_tracer(const Target& target) {
    auto tracer = Tracer::adopt(UniqueFd(::dup(target.memory_fd())), ::getpid());
    EXPECT_TRUE(tracer.has_value());
    return std::move(*tracer);
}

class File : public ::testing::Test {
protected:
    File() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "wasmax-trace-XXXXXX").string();
        if (::mkdtemp(pattern.data()) != nullptr) {
            directory_ = pattern;
        }
        path_ = (directory_ / "a.trace").string();
    }
    ~File() override {
        std::error_code ignored;  // a leftover is not worth failing a test
        std::filesystem::remove_all(directory_, ignored);
    }

    /// Records `calls` calls of each kind, on this thread.
    void record(Mode mode, int calls, Bytes limit = {}) {
        const auto target = make_target();
        Tracer tracer = make_tracer(*target);
        ASSERT_TRUE(tracer.start(mode).has_value());
        auto recorder = target->join(target->watch(), 1);
        ASSERT_NE(recorder, nullptr);
        const auto writer = FileWriter::create(path_, tracer.recording(), limit);
        ASSERT_TRUE(writer.has_value());
        int round = 0;
        const auto ran = tracer.run(**writer, [&] {
            for (int i = 0; i < calls; ++i) {
                make_calls(*recorder);
            }
            return ++round == 2;
        });
        ASSERT_TRUE(ran.has_value());
        ASSERT_TRUE((*writer)->end("").has_value());
    }

    static void make_calls(Recorder& recorder) {
        {
            const Recorder::Call call = recorder.begin(1);
            Payload payload;
            payload.put(std::uint32_t{3});
            payload.put(std::uint16_t{4});
            payload.put(std::uint32_t{5});
            payload.put_address(1, 8080, std::as_bytes(std::span("\x7f\0\0\1", 4)));
            if (call.split) {
                recorder.enter_kernel();
                recorder.leave_kernel();
            }
            recorder.end(call, 0, payload.bytes());
        }
        const Recorder::Call call = recorder.begin(0);
        Payload payload;
        payload.put(std::uint32_t{5});
        recorder.end(call, 8, payload.bytes());
    }

    [[nodiscard]] std::string bytes() const {
        std::ifstream stream(path_, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void write(const std::string& bytes) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
    }
    [[nodiscard]] std::string error_of_open() const {
        const auto file = FileReader::open(path_);
        return file.has_value() ? std::string() : file.error().message;
    }

    std::filesystem::path directory_;
    std::string path_;
};

TEST(Buckets, HoldWhatTheirBoundsSay) {
    for (std::uint64_t value :
         {0ULL, 1ULL, 15ULL, 16ULL, 17ULL, 1000ULL, 123456789ULL, 1ULL << 40}) {
        const std::size_t bucket = bucket_of(value);
        EXPECT_LE(bucket_start(bucket), value);
        EXPECT_GT(bucket_start(bucket + 1), value) << value;
    }
    EXPECT_LT(bucket_of(~0ULL), kBuckets);
}

TEST(SchemaText, SurvivesTheJourney) {
    const auto copy = Schema::from_text(schema().to_text());
    ASSERT_TRUE(copy.has_value());
    EXPECT_EQ(copy->to_text(), schema().to_text());
    EXPECT_TRUE(copy->calls[1].accepts);
    EXPECT_FALSE(Schema::from_text("call\tm").has_value());
    EXPECT_FALSE(Schema::from_text("call\tm\tn\t-\tfd:nonsense:").has_value());
}

TEST_F(File, HasWhatWasRecorded) {
    record(Mode::full, 100);
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value()) << error_of_open();
    std::vector<std::string> texts;
    int failed = 0;
    Ticks last = 0;
    file->visit([&](const Record& record) {
        EXPECT_GE(record.begin, last);
        EXPECT_GE(record.total, record.kernel + record.blocked);
        last = record.begin;
        failed += record.error == 8 ? 1 : 0;
        if (texts.empty()) {
            for (const FieldValue& value : decode(file->schema(), record)) {
                texts.push_back(value.field->name + "=" + value.text);
            }
        }
    });
    EXPECT_EQ(texts, (std::vector<std::string>{"fd=3", "flags=nonblock", "ro_fd=5",
                                               "ro_addr=127.0.0.1:8080"}));
    EXPECT_EQ(failed, 200);
    EXPECT_TRUE(file->warnings().empty()) << file->warnings().front();
}

TEST_F(File, AddsUp) {
    record(Mode::full, 1000);
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value());
    const auto analysis = analyse(*file, {.since = {Since::Kind::start, 0}});
    ASSERT_TRUE(analysis.has_value());
    EXPECT_EQ(analysis->calls, 4000U);
    ASSERT_EQ(analysis->rows.size(), 2U);
    const TimeLedger& ledger = analysis->ledgers.front();
    EXPECT_LT(std::abs(ledger.error()), 0.02);
    EXPECT_LE(analysis->bytes_per_record, 48.0);
}

TEST_F(File, TellsSleepingFromWorking) {
    const auto target = make_target();
    Tracer tracer = make_tracer(*target);
    ASSERT_TRUE(tracer.start(Mode::full).has_value());
    auto recorder = target->join(target->watch(), 1);
    ASSERT_NE(recorder, nullptr);
    const auto writer = FileWriter::create(path_, tracer.recording(), {});
    ASSERT_TRUE(writer.has_value());
    constexpr auto kSleep = std::chrono::milliseconds(30);
    const Recorder::Call call = recorder->begin(0);
    recorder->enter_kernel();
    std::this_thread::sleep_for(kSleep);
    recorder->leave_kernel();
    recorder->end(call, 0, {});
    ASSERT_TRUE(tracer.run(**writer, [] { return true; }).has_value());
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value()) << error_of_open();
    const auto analysis = analyse(*file, {.since = {Since::Kind::start, 0}});
    ASSERT_TRUE(analysis.has_value());
    // A sleep lasts at least as long as asked for, and none of that is on the CPU.
    constexpr double kAlmost_ns = 29e6;
    EXPECT_GE(analysis->rows.at(0).idle_ns, kAlmost_ns);
    EXPECT_GE(analysis->ledgers.front().blocked, kAlmost_ns);
}

TEST_F(File, AggregatesCountTheSameCalls) {
    record(Mode::aggregate, 100);
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value());
    const auto analysis = analyse(*file, {});
    ASSERT_TRUE(analysis.has_value());
    EXPECT_EQ(analysis->calls, 400U);
    for (const Row& row : analysis->rows) {
        EXPECT_EQ(row.calls, 200U);
        EXPECT_EQ(row.errors.size(), row.key == "fd_close" ? 1U : 0U);
    }
    EXPECT_FALSE(analyse(*file, {.by = GroupBy::fd}).has_value());
}

TEST_F(File, AggregatesSplitTheFirstCallsAndSomeOfTheRest) {
    record(Mode::aggregate, 1000);
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value());
    ASSERT_EQ(file->totals().size(), 2U);
    for (const auto& [where, totals] : file->totals()) {
        ASSERT_EQ(totals.count, 2000U);
        // One in eight, and the first sixteen; the same every time, as the chance is.
        EXPECT_GT(totals.splits, 16U + 150U);
        EXPECT_LT(totals.splits, 16U + 350U);
        EXPECT_LE(totals.split_kernel, totals.split_busy);
        EXPECT_LE(totals.split_busy + totals.blocked, totals.total);
        EXPECT_EQ(totals.split_kernel == 0, where.second == 0);  // fd_close never enters it there
    }
    const auto analysis = analyse(*file, {});
    ASSERT_TRUE(analysis.has_value());
    const TimeLedger& ledger = analysis->ledgers.front();
    constexpr double kTolerated = 0.02;
    EXPECT_LT(std::abs(ledger.error()), kTolerated);
}

TEST_F(File, AggregatesStayWithinTheirLimit) {
    constexpr Bytes kLimit{64 * kKiB};
    const auto target = make_target();
    Tracer tracer = make_tracer(*target);
    ASSERT_TRUE(tracer.start(Mode::aggregate).has_value());
    const auto writer = FileWriter::create(path_, tracer.recording(), kLimit);
    ASSERT_TRUE(writer.has_value());
    ASSERT_TRUE((*writer)->schema(schema().to_text()).has_value());
    CallTotals totals{};
    constexpr std::uint64_t kRounds = 1000;  // each some 2 KiB
    for (totals.count = 1; totals.count <= kRounds; ++totals.count) {
        ASSERT_TRUE((*writer)->totals(0, 0, totals).has_value());
    }
    EXPECT_LE(bytes().size(), kLimit.count / 2);
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value());
    EXPECT_EQ(file->totals().at({0, 0}).count, kRounds);
}

TEST_F(File, IsReadableUpToWhereItWasCut) {
    record(Mode::full, 500);
    const std::string whole = bytes();
    const auto count = [&] {
        std::uint64_t records = 0;
        const auto file = FileReader::open(path_);
        if (file.has_value()) {
            file->visit([&](const Record& /*record*/) { ++records; });
        }
        return records;
    };
    const std::uint64_t all = count();
    EXPECT_EQ(all, 2000U);
    for (const std::size_t size : {whole.size() - 1, whole.size() / 2, whole.size() / 3}) {
        write(whole.substr(0, size));
        const auto file = FileReader::open(path_);
        if (file.has_value()) {
            EXPECT_FALSE(file->warnings().empty()) << size;
        }
        EXPECT_LE(count(), all);
    }
    write(whole.substr(0, 10));
    EXPECT_NE(error_of_open().find("not a trace"), std::string::npos) << error_of_open();
}

TEST_F(File, SurvivesDamageAnywhere) {
    record(Mode::full, 50);
    const std::string whole = bytes();
    for (std::size_t at = 0; at < whole.size(); at += 97) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
        write(damaged);
        const auto file = FileReader::open(path_);
        if (file.has_value()) {
            EXPECT_TRUE(analyse(*file, {}).has_value()) << at;
        }
    }
}

TEST_F(File, RefusesWhatIsNoTrace) {
    write("");
    EXPECT_NE(error_of_open().find("empty"), std::string::npos) << error_of_open();
    write(std::string(1000, 'x'));
    EXPECT_NE(error_of_open().find("not a trace"), std::string::npos) << error_of_open();
    std::filesystem::remove(path_);
    EXPECT_NE(error_of_open().find("No such file"), std::string::npos) << error_of_open();
}

TEST_F(File, KeepsTheLatestPartWithinItsLimit) {
    record(Mode::full, 3000, Bytes{64 * kKiB});
    EXPECT_TRUE(std::filesystem::exists(path_ + ".1"));
    const auto file = FileReader::open(path_);
    ASSERT_TRUE(file.has_value()) << error_of_open();
    std::uint64_t records = 0;
    file->visit([&](const Record& /*record*/) { ++records; });
    EXPECT_GT(records, 0U);
}

TEST_F(File, SaysThatTheDiskIsFull) {
    const auto target = make_target();
    Tracer tracer = make_tracer(*target);
    ASSERT_TRUE(tracer.start(Mode::full).has_value());
    const auto writer = FileWriter::create("/dev/full", tracer.recording(), {});
    ASSERT_FALSE(writer.has_value());
    EXPECT_NE(writer.error().message.find("No space left"), std::string::npos);
}

TEST(Ring, DropsAndCountsWhenItIsFull) {
    const auto target = make_target();
    Tracer tracer = make_tracer(*target);
    ASSERT_TRUE(tracer.start(Mode::full).has_value());
    auto recorder = target->join(target->watch(), 1);
    ASSERT_NE(recorder, nullptr);
    constexpr std::uint64_t kCalls = 200'000;  // more than fit
    const std::vector<std::byte> payload(32);
    for (std::uint64_t i = 0; i < kCalls; ++i) {
        recorder->end(recorder->begin(0), 0, payload);
    }
    struct Counting final : Sink {
        Result<void, Error> schema(std::string_view /*text*/) override { return {}; }
        Result<void, Error> thread(const ThreadInfo& /*thread*/) override { return {}; }
        Result<void, Error> records(std::uint32_t thread, Ticks base, ByteView bytes) override {
            EXPECT_TRUE(read_records(thread, base, bytes, [&](const Record& r) {
                ++count;
                losses += r.after_loss ? 1 : 0;
            }));
            return {};
        }
        Result<void, Error> totals(std::uint32_t /*thread*/, std::uint16_t /*call*/,
                                   const CallTotals& /*totals*/) override {
            return {};
        }
        Result<void, Error> sample(const Moment& /*moment*/,
                                   const std::vector<ThreadSample>& threads) override {
            dropped = threads.empty() ? dropped : threads.front().dropped;
            return {};
        }
        std::uint64_t count = 0;
        std::uint64_t losses = 0;
        std::uint64_t dropped = 0;
    } sink;
    int rounds = 0;
    ASSERT_TRUE(tracer
                    .run(sink,
                         [&] {
                             recorder->end(recorder->begin(0), 0, payload);
                             return ++rounds == 3;
                         })
                    .has_value());
    EXPECT_GT(sink.dropped, 0U);
    EXPECT_EQ(sink.count + sink.dropped, kCalls + 3);
    EXPECT_EQ(sink.losses, 1U);
}

TEST(Slots, AreReusedAndEnd) {
    const auto target = make_target();
    Tracer tracer = make_tracer(*target);
    ASSERT_TRUE(tracer.start(Mode::full).has_value());
    std::vector<std::unique_ptr<Recorder>> recorders;
    for (std::size_t i = 0; i < kSlots; ++i) {
        recorders.push_back(target->join(target->watch(), 1));
        ASSERT_NE(recorders.back(), nullptr);
    }
    EXPECT_EQ(target->join(target->watch(), 1), nullptr);
    EXPECT_EQ(tracer.unrecorded(), 1U);
}

TEST(TwoTracers, AreRefused) {
    const auto target = make_target();
    Tracer first = make_tracer(*target);
    ASSERT_TRUE(first.start(Mode::full).has_value());
    Tracer second = make_tracer(*target);
    const auto started = second.start(Mode::full);
    ASSERT_FALSE(started.has_value());
    EXPECT_NE(started.error().message.find("already traced"), std::string::npos);
}

TEST(Attach, SaysWhyItCannot) {
    const auto nobody = Tracer::attach(0x3ffffffe);
    ASSERT_FALSE(nobody.has_value());
    EXPECT_NE(nobody.error().message.find("there is no process"), std::string::npos);
    const auto foreign = Tracer::attach(1);
    ASSERT_FALSE(foreign.has_value());
}

TEST(WritesOfOthers, DoNotLeadOutOfTheRing) {
    const auto target = make_target();
    Tracer tracer = make_tracer(*target);
    ASSERT_TRUE(tracer.start(Mode::full).has_value());
    auto recorder = target->join(target->watch(), 1);
    ASSERT_NE(recorder, nullptr);
    // Whoever can write to the shared memory: all kinds of nonsense in the slot.
    std::byte* const slot = map_slot(target->memory_fd(), 0);
    ASSERT_NE(slot, nullptr);
    for (std::size_t i = 0; i < kSlotHeaderBytes; ++i) {
        slot[i] = static_cast<std::byte>(0xa5);
    }
    const std::vector<std::byte> payload(32);
    for (int i = 0; i < 100'000; ++i) {
        recorder->end(recorder->begin(0), 0, payload);
    }
    unmap_slot(slot);
}

}  // namespace
}  // namespace wasmax::trace
