#include "lab/samples.h"

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "lab/experiment.h"
#include "unit/lab/example.h"

namespace wasmax::lab {
namespace {

std::string lines_of(const SampleSet& set) {
    std::string text;
    const auto add = [&](const auto& records) {
        for (const auto& record : records) {
            text += to_json_line(set.conditions, record) + "\n";
        }
    };
    add(set.absences);
    add(set.estimates);
    add(set.samples);
    return text;
}

std::string problem(std::string_view text) {
    const auto set = parse_samples(text);
    return set ? std::string() : set.error().message;
}

TEST(Samples, ReadBackWhatWasWritten) {
    const SampleSet set = example_samples();
    const auto read = parse_samples(lines_of(set) + "\n");
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 1U);
    EXPECT_EQ(read->front().conditions, set.conditions);
    EXPECT_EQ(read->front().samples, set.samples);
    EXPECT_EQ(read->front().absences, set.absences);
    EXPECT_EQ(read->front().estimates, set.estimates);
}

TEST(Samples, OtherConditionsMakeAnotherSet) {
    const SampleSet set = example_samples();
    SampleSet other = set;
    other.conditions.load = {.generator = Generator::open, .pipeline = 4, .rate = 1000};
    other.conditions.quota_percent = 50;
    other.samples.front().void_reason = "disturbed";
    const auto read = parse_samples(lines_of(set) + lines_of(other));
    ASSERT_TRUE(read) << read.error().message;
    ASSERT_EQ(read->size(), 2U);
    EXPECT_EQ(read->front().samples, set.samples);
    EXPECT_EQ(read->back().conditions, other.conditions);
    EXPECT_EQ(read->back().samples, other.samples);
}

TEST(Samples, ALastLineThatIsCutOffIsLeftOut) {
    const SampleSet set = example_samples();
    const std::string text = lines_of(set);
    const auto read = parse_samples(text + text.substr(0, 40));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->front().samples, set.samples);
}

TEST(Samples, ALineSaysWhatItIs) {
    const SampleSet set = example_samples();
    const std::string line = to_json_line(set.conditions, set.samples.front());
    for (const char* const part :
         {R"("contender":"wasm")", R"("metric":"requests_per_second","unit":"1/s","value":950.0)",
          R"("connections":400)", R"("machine":{"cpu":"Test CPU <1>")"}) {
        EXPECT_NE(line.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(Samples, SaysWhichLineIsUnusable) {
    const SampleSet set = example_samples();
    const std::string good = to_json_line(set.conditions, set.samples[0]) + "\n";
    EXPECT_EQ(problem(""), "it holds no samples");
    EXPECT_EQ(problem(good + "{\"contender\":\n"), "line 2 is not a JSON object");
    EXPECT_EQ(problem("[]"), "line 1 is not a JSON object");
    EXPECT_EQ(problem(good + "\n{}"), "line 3 has no usable 'contender'");
    EXPECT_EQ(problem(to_json_line(set.conditions, set.absences.front())), "it holds no samples");
    std::string unknown = good;
    unknown.replace(unknown.find("requests_per_second"), 19, "requests_per_minute");
    EXPECT_EQ(problem(unknown), "line 1 has no usable 'metric'");
    std::string text_value = good;
    text_value.replace(text_value.find("950.0"), 5, "\"950\"");
    EXPECT_EQ(problem(text_value), "line 1 has no usable 'value'");
}

TEST(Samples, WriterAppendsAndRefusesAnExistingFile) {
    const auto path = std::filesystem::path(testing::TempDir()) /
                      ("samples-" + std::to_string(getpid()) + ".jsonl");
    const SampleSet set = example_samples();
    {
        auto writer = SampleWriter::create(path);
        ASSERT_TRUE(writer) << writer.error().message;
        const std::size_t half = set.samples.size() / 2;
        const auto middle = set.samples.begin() + static_cast<std::ptrdiff_t>(half);
        SampleSet first = set;
        first.samples = {set.samples.begin(), middle};
        SampleSet second{.conditions = set.conditions,
                         .samples = {middle, set.samples.end()},
                         .absences = {},
                         .estimates = {}};
        ASSERT_TRUE(writer->append(first));
        ASSERT_TRUE(writer->append(second));
    }
    const auto read = read_samples(path);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->front().samples, set.samples);
    const auto again = SampleWriter::create(path);
    ASSERT_FALSE(again);
    EXPECT_NE(again.error().message.find("exists already"), std::string::npos);
    std::filesystem::remove(path);
}

}  // namespace
}  // namespace wasmax::lab
