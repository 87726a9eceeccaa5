// compile_wat FILE OUTPUT [--tier=t0|t2|t3] [--cpu=NAME] [--threads=N] [--strict] [--time]:
// compiles a module in the text or binary format to an artifact, for golden tests and for looking
// at code.
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "codegen/compiler.h"
#include "engine/text_format.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::codegen {
namespace {

bool read_option(std::string_view argument, CompileOptions& options) {
    const std::string_view name = argument.substr(0, argument.find('='));
    const std::string value(argument.substr(std::min(name.size() + 1, argument.size())));
    if (name == "--tier") {
        options.tier = value == "t0" ? Tier::t0 : value == "t3" ? Tier::t3 : Tier::t2;
    } else if (name == "--cpu") {
        options.cpu = value;
    } else if (name == "--threads") {
        options.threads = static_cast<unsigned>(std::stoul(value));
    } else if (name == "--strict") {
        options.strict = true;
    } else {
        return false;
    }
    return true;
}

int refuse(const std::string& message) {
    std::cerr << "compile_wat: " << message << '\n';
    return EXIT_FAILURE;
}

int run(std::span<const std::string_view> arguments) {
    if (arguments.size() < 2) {
        return refuse("usage: compile_wat FILE OUTPUT [options]");
    }
    CompileOptions options{.cpu = "x86-64-v3", .verify = true};
    bool print_time = false;
    for (const std::string_view argument : arguments.subspan(2)) {
        if (argument == "--time") {
            print_time = true;
            options.verify = false;
        } else if (!read_option(argument, options)) {
            return refuse("unknown option " + std::string(argument));
        }
    }
    const std::string path(arguments[0]);
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto* data = reinterpret_cast<const std::byte*>(text.data());
    std::vector<std::byte> binary(data, data + text.size());
    if (engine::looks_like_text(binary)) {
        auto converted = engine::text_to_binary(text, path);
        if (!converted) {
            return refuse(converted.error().message);
        }
        binary = std::move(*converted);
    }
    const auto start = std::chrono::steady_clock::now();
    const auto module = wasm::decode_module(binary);
    if (!module) {
        return refuse(to_string(module.error()));
    }
    const auto artifact = compile(*module, options);
    if (!artifact) {
        const CompileError& error = artifact.error();
        const auto* invalid = std::get_if<wasm::ModuleError>(&error);
        return refuse(invalid != nullptr ? to_string(*invalid) : std::get<Error>(error).message);
    }
    if (print_time) {
        const std::chrono::duration<double, std::milli> elapsed =
            std::chrono::steady_clock::now() - start;
        std::cerr << elapsed.count() << " ms, " << artifact->size() << " bytes\n";
    }
    std::ofstream output(std::string(arguments[1]), std::ios::binary);
    output.write(reinterpret_cast<const char*>(artifact->data()),
                 static_cast<std::streamsize>(artifact->size()));
    return output.good() ? EXIT_SUCCESS : refuse("cannot write the output");
}

}  // namespace
}  // namespace wasmax::codegen

int main(int argc, char** argv) {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    return wasmax::codegen::run(arguments);
}
