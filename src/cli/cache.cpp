#include "engine/cache.h"

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "cli/commands.h"

namespace wasmax::cli {
namespace {

constexpr const char* kAbout = R"(Examples:
  wasmax cache dir
  wasmax cache prune --to 100

`wasmax run` keeps compiled modules there and removes what was not used for longest when they exceed
WASMAX_CACHE_MIB mebibytes (1024 if not set). `wasmax run --no-cache` does without.)";

/// nullopt after a report.
std::optional<engine::Cache> open_cache() {
    std::string directory = engine::Cache::default_directory();
    if (directory.empty()) {
        report("there is no cache: neither XDG_CACHE_HOME nor HOME is an absolute path");
        return std::nullopt;
    }
    auto cache = engine::Cache::open(std::move(directory));
    if (!cache) {
        report(cache.error().message);
        return std::nullopt;
    }
    return std::move(cache).value();
}

void print(const engine::Cache& cache, const engine::Cache::Usage& usage, bool json) {
    if (json) {
        const nlohmann::ordered_json object{{"directory", cache.directory()},
                                            {"artifacts", usage.artifacts},
                                            {"bytes", usage.bytes.count},
                                            {"limit_bytes", engine::cache_limit().count}};
        std::puts(object.dump(2).c_str());
        return;
    }
    std::puts(fmt::format("{} artifacts, {:.1f} MiB of at most {} MiB, in {}", usage.artifacts,
                          static_cast<double>(usage.bytes.count) / static_cast<double>(kMiB),
                          engine::cache_limit().count / kMiB, cache.directory())
                  .c_str());
}

struct CacheFlags {
    bool json = false;
    std::optional<std::uint64_t> to_mebibytes;
};

/// Runs `act` on the cache and prints what it returns.
template <class Act>
int with_cache(const CacheFlags& flags, const Act& act) {
    const auto cache = open_cache();
    if (!cache) {
        return kExitFailure;
    }
    print(*cache, act(*cache), flags.json);
    return 0;
}

int print_directory() {
    const auto cache = open_cache();
    if (!cache) {
        return kExitFailure;
    }
    std::puts(cache->directory().c_str());
    return 0;
}

}  // namespace

void add_cache(CLI::App& app, int& exit_code) {
    auto* command = app.add_subcommand("cache", "Look at or empty the cache of compiled modules");
    command->require_subcommand(1);
    command->footer(kAbout);
    const auto flags = std::make_shared<CacheFlags>();
    command->add_subcommand("dir", "Print its directory, or why it is not used")
        ->callback([&exit_code] { exit_code = print_directory(); });
    const auto add = [&](const char* name, const char* help, auto act) {
        CLI::App* verb = command->add_subcommand(name, help);
        verb->add_flag("--json", flags->json, "Print JSON");
        verb->callback([flags, act, &exit_code] {
            exit_code =
                with_cache(*flags, [&](const engine::Cache& cache) { return act(cache, *flags); });
        });
        return verb;
    };
    add("size", "Print how much it holds",
        [](const engine::Cache& cache, const CacheFlags&) { return cache.usage(); });
    add("clean", "Remove everything",
        [](const engine::Cache& cache, const CacheFlags&) { return cache.prune(Bytes{0}); });
    add("prune", "Remove what was not used for longest, down to its limit",
        [](const engine::Cache& cache, const CacheFlags& given) {
            return cache.prune(given.to_mebibytes ? Bytes{*given.to_mebibytes * kMiB}
                                                  : engine::cache_limit());
        })
        ->add_option("--to", flags->to_mebibytes, "Down to this many mebibytes")
        ->type_name("MIB");
}

}  // namespace wasmax::cli
