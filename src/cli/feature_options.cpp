// `--disable-FEATURE` and `--enable-FEATURE`: which proposals of WebAssembly modules may use.

#include <string>

#include <CLI/App.hpp>

#include "cli/options.h"
#include "wasm/types.h"

namespace wasmax::cli {

void add_feature_options(CLI::App& command, wasm::Features& given) {
    constexpr const char* kGroup = "WebAssembly proposals";
    command
        .add_flag_callback(
            "--enable-all", [] {}, "Every proposal that wasmax has is enabled anyway")
        ->group(kGroup);
    for (const wasm::Feature feature : wasm::switchable_features()) {
        const std::string name = wasm::to_string(feature);
        auto* off = command.add_flag_callback(
            "--disable-" + name, [&given, feature] { given.switch_off(feature); },
            "Refuse modules that use it");
        auto* on = command.add_flag_callback("--enable-" + name, [] {}, "The default");
        off->group(kGroup)->excludes(on);
        on->group(kGroup);
    }
}

}  // namespace wasmax::cli
