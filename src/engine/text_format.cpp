#include "engine/text_format.h"

#include <wabt/binary-writer.h>
#include <wabt/error-formatter.h>
#include <wabt/feature.h>
#include <wabt/ir.h>
#include <wabt/stream.h>
#include <wabt/wast-lexer.h>
#include <wabt/wast-parser.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"

namespace wasmax::engine {
namespace {

/// NULs further in are left to the parser, which names the line.
constexpr std::size_t kSniffedBytes = 4096;

}  // namespace

bool looks_like_text(ByteView bytes) {
    const ByteView head = bytes.first(std::min(bytes.size(), kSniffedBytes));
    return !head.empty() && std::find(head.begin(), head.end(), std::byte{0}) == head.end();
}

Result<std::vector<std::byte>, Error> text_to_binary(std::string_view text,
                                                     const std::string& name) {
    wabt::Features features;
    features.EnableAll();
    wabt::Errors errors;
    const auto lexer =
        wabt::WastLexer::CreateBufferLexer(name, text.data(), text.size());
    std::unique_ptr<wabt::Module> module;
    wabt::WastParseOptions options(features);
    if (wabt::Failed(wabt::ParseWatModule(lexer.get(), &module, &errors, &options))) {
        return fail(Error::invalid(wabt::FormatErrorsToString(
            errors, wabt::Location::Type::Text, lexer->MakeLineFinder().get())));
    }
    wabt::MemoryStream stream;
    wabt::WriteBinaryOptions write_options;
    write_options.features = features;
    write_options.write_debug_names = true;
    if (wabt::Failed(wabt::WriteBinaryModule(&stream, module.get(), write_options))) {
        return fail(Error::invalid(name + ": the module has no binary form"));
    }
    const std::vector<std::uint8_t>& data = stream.output_buffer().data;
    const auto* first = reinterpret_cast<const std::byte*>(data.data());
    return std::vector<std::byte>(first, first + data.size());
}

}  // namespace wasmax::engine
