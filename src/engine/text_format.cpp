#include "engine/text_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wabt/binary-writer-spec.h>
#include <wabt/binary-writer.h>
#include <wabt/error-formatter.h>
#include <wabt/feature.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/wast-lexer.h>
#include <wabt/wast-parser.h>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::engine {
namespace {

/// NULs further in are left to the parser, which names the line.
constexpr std::size_t kSniffedBytes = 4096;

wabt::Features every_feature() {
    wabt::Features features;
    features.EnableAll();
    return features;
}

wabt::WriteBinaryOptions write_options() {
    wabt::WriteBinaryOptions options;
    options.features = every_feature();
    options.write_debug_names = true;
    return options;
}

std::vector<std::byte> bytes_of(wabt::MemoryStream& stream) {
    const std::vector<std::uint8_t>& data = stream.output_buffer().data;
    const auto* first = reinterpret_cast<const std::byte*>(data.data());
    return {first, first + data.size()};
}

Error text_error(const wabt::Errors& errors, wabt::WastLexer& lexer) {
    std::string message = wabt::FormatErrorsToString(errors, wabt::Location::Type::Text,
                                                     lexer.MakeLineFinder().get());
    while (message.ends_with('\n')) {
        message.pop_back();
    }
    return Error::invalid(std::move(message));
}

}  // namespace

bool looks_like_text(ByteView bytes) {
    const ByteView head = bytes.first(std::min(bytes.size(), kSniffedBytes));
    return !head.empty() && std::find(head.begin(), head.end(), std::byte{0}) == head.end();
}

Result<std::vector<std::byte>, Error> text_to_binary(std::string_view text,
                                                     const std::string& name) {
    wabt::Errors errors;
    const auto lexer = wabt::WastLexer::CreateBufferLexer(name, text.data(), text.size(), &errors);
    std::unique_ptr<wabt::Module> module;
    wabt::WastParseOptions options(every_feature());
    if (wabt::Failed(wabt::ParseWatModule(lexer.get(), &module, &errors, &options))) {
        return fail(text_error(errors, *lexer));
    }
    wabt::MemoryStream stream;
    if (wabt::Failed(wabt::WriteBinaryModule(&stream, module.get(), write_options()))) {
        return fail(Error::invalid(name + ": the module has no binary form"));
    }
    return bytes_of(stream);
}

Result<ScriptCommands, Error> script_to_commands(std::string_view text, const std::string& name) {
    wabt::Errors errors;
    const auto lexer = wabt::WastLexer::CreateBufferLexer(name, text.data(), text.size(), &errors);
    std::unique_ptr<wabt::Script> script;
    wabt::WastParseOptions options(every_feature());
    if (wabt::Failed(wabt::ParseWastScript(lexer.get(), &script, &errors, &options))) {
        return fail(text_error(errors, *lexer));
    }
    wabt::MemoryStream json;
    std::vector<wabt::FilenameMemoryStreamPair> modules;
    if (wabt::Failed(wabt::WriteBinarySpecScript(&json, script.get(), name, "module",
                                                 write_options(), &modules))) {
        return fail(Error::invalid(name + ": the script's modules have no binary form"));
    }
    ScriptCommands commands;
    const std::vector<std::uint8_t>& characters = json.output_buffer().data;
    commands.json.assign(characters.begin(), characters.end());
    for (const wabt::FilenameMemoryStreamPair& module : modules) {
        commands.modules.emplace(module.filename, bytes_of(*module.stream));
    }
    return commands;
}

}  // namespace wasmax::engine
