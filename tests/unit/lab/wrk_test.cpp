#include "lab/wrk.h"

#include <chrono>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "lab/experiment.h"

namespace wasmax::lab {
namespace {

constexpr std::string_view kQuiet = R"(Running 2s test @ http://127.0.0.1:8080/
  2 threads and 20 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.00ms  703.70us   9.58ms   85.59%
    Req/Sec     8.73k     1.42k   14.41k    85.00%
  Latency Distribution
     50%    0.90ms
     75%    1.15ms
     90%    1.51ms
     99%    3.91ms
  34824 requests in 2.01s, 2.36MB read
Requests/sec:  17339.24
Transfer/sec:      1.17MB
)";

constexpr std::string_view kTroubled = R"(Running 1m test @ http://127.0.0.1:8080/
  12 threads and 400 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.20s     2.50s    1.10m    93.69%
    Req/Sec    56.20      8.07     62.00     86.54%
  Latency Distribution
     50%  250.00us
     75%  491.00us
     90%    1.20s 
     99%    1.05m 
  120 requests in 1.00m, 17.76KB read
  Socket errors: connect 1, read 22, write 3, timeout 444
  Non-2xx or 3xx responses: 55
Requests/sec:      2.00
Transfer/sec:     303.06B
)";

constexpr std::string_view kNothing = R"(Running 1s test @ http://127.0.0.1:8080/
  1 threads and 1 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.00us    0.00us   0.00us    -nan%
    Req/Sec     0.00      0.00     0.00      -nan%
  Latency Distribution
     50%    0.00us
     75%    0.00us
     90%    0.00us
     99%    0.00us
  0 requests in 1.00s, 0.00B read
  Socket errors: connect 0, read 7, write 0, timeout 0
Requests/sec:      0.00
Transfer/sec:       0.00B
)";

std::string with(std::string_view text, std::string_view old_part, std::string_view new_part) {
    std::string changed(text);
    changed.replace(changed.find(old_part), old_part.size(), new_part);
    return changed;
}

TEST(Wrk, ReadsAQuietRun) {
    const auto result = parse_wrk(kQuiet);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->requests, 34824U);
    EXPECT_DOUBLE_EQ(result->requests_per_second, 17339.24);
    EXPECT_DOUBLE_EQ(result->elapsed_s, 2.01);
    EXPECT_DOUBLE_EQ(result->latency_mean_us, 1000);
    EXPECT_DOUBLE_EQ(result->latency_stdev_us, 703.7);
    EXPECT_DOUBLE_EQ(result->latency_max_us, 9580);
    EXPECT_DOUBLE_EQ(result->latency_p50_us, 900);
    EXPECT_DOUBLE_EQ(result->latency_p75_us, 1150);
    EXPECT_DOUBLE_EQ(result->latency_p90_us, 1510);
    EXPECT_DOUBLE_EQ(result->latency_p99_us, 3910);
    EXPECT_EQ(result->read_errors + result->timeouts + result->status_errors, 0U);
}

TEST(Wrk, ReadsErrorsAndLargeUnits) {
    const auto result = parse_wrk(kTroubled);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->connect_errors, 1U);
    EXPECT_EQ(result->read_errors, 22U);
    EXPECT_EQ(result->write_errors, 3U);
    EXPECT_EQ(result->timeouts, 444U);
    EXPECT_EQ(result->status_errors, 55U);
    EXPECT_DOUBLE_EQ(result->elapsed_s, 60);
    EXPECT_DOUBLE_EQ(result->latency_max_us, 66e6);
    EXPECT_DOUBLE_EQ(result->latency_p90_us, 1.2e6);
}

TEST(Wrk, ReadsARunWithoutAnswers) {
    const auto result = parse_wrk(kNothing);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->requests, 0U);
    EXPECT_EQ(result->read_errors, 7U);
}

TEST(Wrk, TakesNanForADeviation) {
    const auto result = parse_wrk(with(kQuiet, "703.70us", "-nanus"));
    ASSERT_TRUE(result);
    EXPECT_TRUE(std::isnan(result->latency_stdev_us));
}

TEST(Wrk, NamesWhatItCannotRead) {
    const auto error_of = [](std::string_view text) {
        const auto result = parse_wrk(text);
        return result ? std::string("none") : result.error().message;
    };
    const auto unreadable = [](std::string_view what) {
        return "the generator's output has no readable '" + std::string(what) + "'";
    };
    EXPECT_EQ(error_of(""), unreadable("N requests in T"));
    EXPECT_EQ(error_of("\xff\x00 garbage \n\n requests in"), unreadable("N requests in T"));
    EXPECT_EQ(error_of(with(kQuiet, "34824 requests", "-1 requests")),
              unreadable("N requests in T"));
    EXPECT_EQ(error_of(with(kQuiet, "17339.24", "many")), unreadable("Requests/sec:"));
    EXPECT_EQ(error_of(with(kQuiet, "3.91ms", "3.91 parsecs")), unreadable("99%"));
    EXPECT_EQ(error_of(with(kQuiet, "     50%    0.90ms\n", "")), unreadable("50%"));
    EXPECT_EQ(error_of(with(kTroubled, "timeout 444", "timeout")), unreadable("Socket"));
}

TEST(Wrk, SurvivesEveryTruncation) {
    for (std::size_t bytes = 0; bytes < kTroubled.size(); ++bytes) {
        const auto result = parse_wrk(kTroubled.substr(0, bytes));
        if (result) {  // only once the last line that it needs has begun to have a number
            EXPECT_GT(bytes, kTroubled.find("Requests/sec:") + 13);
        }
    }
}

TEST(Wrk, CommandNamesTheLoad) {
    const Workload workload{.name = "close", .port = 9999, .path = "/x"};
    const Generators generators{.wrk = "wrk", .pipeline_script = "p.lua", .open = {"w", "load"}};
    Load load{.threads = 3, .connections = 7};
    EXPECT_EQ(load_command(generators, workload, load, std::chrono::seconds(5)),
              (std::vector<std::string>{"wrk", "-t3", "-c7", "-d5s", "--latency",
                                        "http://127.0.0.1:9999/x"}));
    load.pipeline = 16;
    EXPECT_EQ(load_command(generators, workload, load, std::chrono::seconds(5)),
              (std::vector<std::string>{"wrk", "-t3", "-c7", "-d5s", "--latency", "-s", "p.lua",
                                        "http://127.0.0.1:9999/x"}));
    EXPECT_NE(pipeline_script(16).find("for i = 1, 16 do"), std::string::npos);
    load = {.generator = Generator::open, .connections = 7, .rate = 500};
    EXPECT_EQ(load_command(generators, workload, load, std::chrono::seconds(5)),
              (std::vector<std::string>{"w", "load", "--rate", "500", "--connections", "7",
                                        "--duration", "5s", "http://127.0.0.1:9999/x"}));
}

}  // namespace
}  // namespace wasmax::lab
