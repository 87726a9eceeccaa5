#include <charconv>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <CLI/App.hpp>
#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "cli/bench.h"
#include "cli/commands.h"
#include "lab/experiment.h"
#include "lab/open_loop.h"

namespace wasmax::cli {
namespace {

struct LoadOptions {
    lab::OpenLoop loop;
    std::string duration = "10s";
    std::string url;
};

// Only what the lab measures: a server on this machine.
Result<void, Error> parse_url(std::string_view url, lab::OpenLoop& loop) {
    constexpr std::string_view kPrefix = "http://127.0.0.1:";
    const std::string_view rest =
        url.starts_with(kPrefix) ? url.substr(kPrefix.size()) : std::string_view();
    const char* const end = rest.data() + rest.size();
    const auto parsed = std::from_chars(rest.data(), end, loop.port);
    if (rest.empty() || parsed.ec != std::errc() || loop.port == 0 ||
        (parsed.ptr != end && *parsed.ptr != '/')) {
        return fail(Error::invalid(
            fmt::format("'{}' cannot be loaded: write http://127.0.0.1:PORT/PATH", url)));
    }
    loop.path = parsed.ptr == end ? "/" : std::string(parsed.ptr, end);
    return {};
}

int load(LoadOptions& options) {
    const auto duration = lab::parse_duration(options.duration);
    const auto parsed = parse_url(options.url, options.loop);
    if (!duration || !parsed) {
        report(!duration ? duration.error().message : parsed.error().message);
        return kExitUsage;
    }
    options.loop.duration = *duration;
    const auto result = lab::run_open_loop(options.loop);
    if (!result) {
        report(result.error().message);
        return kExitFailure;
    }
    fmt::print(
        "open loop, {} requests/s over {} connections for {} s; latency from when a request "
        "was due\n{}",
        options.loop.rate, options.loop.connections, duration->count(), lab::to_wrk_text(*result));
    return 0;
}

}  // namespace

void add_bench_load(CLI::App& bench, int& exit_code) {
    auto* command = bench.add_subcommand(
        "load", "Load a server at a fixed rate, and print latencies from when requests were due");
    const auto options = std::make_shared<LoadOptions>();
    command->add_option("--rate", options->loop.rate, "Requests per second")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    command->add_option("--connections", options->loop.connections, "Connections to keep open")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command->add_option("--duration", options->duration, "As 10s or 2m")->capture_default_str();
    command->add_option("URL", options->url, "http://127.0.0.1:PORT/PATH")->required();
    command->callback([options, &exit_code] { exit_code = load(*options); });
}

}  // namespace wasmax::cli
