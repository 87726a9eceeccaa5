#include "cli/wast/script.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/result.h"
#include "engine/text_format.h"

namespace wasmax::cli::wast {
namespace {

namespace fs = std::filesystem;

Result<std::string, Error> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string contents{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
        return fail(Error::from_errno(errno != 0 ? errno : EIO, path.string()));
    }
    return contents;
}

Result<nlohmann::json, Error> commands_of(const std::string& path, const std::string& text) {
    nlohmann::json list = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (!list.is_object() || !list.contains("commands") || !list.at("commands").is_array()) {
        return fail(Error::invalid(path + ": not a list of test commands"));
    }
    return std::move(list.at("commands"));
}

}  // namespace

Result<Script, Error> Script::read(const std::string& path) {
    const std::string text = TRY(read_file(path));
    if (!path.ends_with(".wast")) {
        return Script{path, TRY(commands_of(path, text)), {}};
    }
    auto converted = engine::script_to_commands(text, path);
    if (!converted) {
        return fail(Error::invalid(converted.error().message +
                                   "\nThis parser may be older than the script: run its converted "
                                   "command list (.json) instead"));
    }
    return Script{path, TRY(commands_of(path, converted->json)), std::move(converted->modules)};
}

Result<std::vector<std::byte>, Error> Script::module(std::string_view filename) const {
    const auto found = converted.find(filename);
    if (found != converted.end()) {
        return found->second;
    }
    const std::string contents = TRY(read_file(fs::path(path).parent_path() / filename));
    const auto* first = reinterpret_cast<const std::byte*>(contents.data());
    return std::vector<std::byte>(first, first + contents.size());
}

Result<std::vector<std::string>, Error> find_scripts(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (error) {
        return fail(Error::from_errno(error.value(), path.string()));
    }
    if (!fs::is_directory(status)) {
        return std::vector{path.string()};
    }
    std::vector<std::string> scripts;
    for (auto entry = fs::recursive_directory_iterator(path, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
        const fs::path extension = entry->path().extension();
        if (extension == ".json" || extension == ".wast") {
            scripts.push_back(entry->path().string());
        }
    }
    if (error) {
        return fail(Error::from_errno(error.value(), path.string()));
    }
    std::sort(scripts.begin(), scripts.end());
    return scripts;
}

}  // namespace wasmax::cli::wast
