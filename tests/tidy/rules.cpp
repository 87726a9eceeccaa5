#include "tidy/rules.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "tidy/layers.h"
#include "tidy/source_lines.h"

namespace wasmax::tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxLines = 500;
constexpr std::size_t kReasonLines = 10;  // where the reason of a longer file must stand

/// A free function that src/ does not call.
struct BannedCall {
    std::string_view name;
    std::string_view advice;
};

constexpr std::string_view kPrintf =
    "return the text, print it with fmt in cli/ or lab/, or build it with std::string";
// snprintf is absent: it is bounded, and the libraries that must not use fmt need it.
constexpr std::array kBannedCalls{
    BannedCall{"printf", kPrintf},
    BannedCall{"fprintf", kPrintf},
    BannedCall{"sprintf", kPrintf},
    BannedCall{"dprintf", kPrintf},
    BannedCall{"vprintf", kPrintf},
    BannedCall{"vfprintf", kPrintf},
    BannedCall{"vsprintf", kPrintf},
    BannedCall{"vdprintf", kPrintf},
    BannedCall{"close", "let a UniqueFd (base/unique_fd.h) own the descriptor"},
    BannedCall{"system", "start the program with posix_spawn and a list of arguments"},
};

/// A third-party header that only some libraries may include.
struct Confined {
    std::string_view prefix;
    std::string_view library;  // the only one
};

constexpr std::array kConfined{Confined{"llvm/", "codegen"}, Confined{"llvm-c/", "codegen"},
                               Confined{"wabt/", "engine"}, Confined{"liburing", "io"}};

/// Headers that libraries of create-exe executables do without: those hold libc and liburing only.
constexpr std::array<std::string_view, 5> kNotStandalone{"fmt/", "iostream", "nlohmann/", "CLI/",
                                                         "xlsxwriter"};

constexpr std::array<std::string_view, 7> kVagueNames{"util",    "utils", "common", "helper",
                                                      "helpers", "misc",  "stuff"};

constexpr std::array<std::string_view, 4> kTrees{"src", "tests", "bench", "guests"};

template <class Range, class T>
bool contains(const Range& range, const T& value) {
    return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

std::string read(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

/// What a file is, as far as the rules care.
struct Source {
    fs::path path;      // relative to the repository
    std::string owner;  // the library it belongs to: src/NAME/... or tests/unit/NAME/...
    bool product;       // in src/
    std::vector<SourceLine> lines;
};

Source load(const fs::path& root, const fs::path& path) {
    Source source{path, {}, *path.begin() == "src", source_lines(read(root / path))};
    const std::string text = path.generic_string();
    static const std::regex owner("^(?:src|tests/unit)/(\\w+)/.*");
    if (std::smatch match; std::regex_match(text, match, owner)) {
        source.owner = match[1].str();
    }
    return source;
}

std::string undeclared(const std::string& library, const std::string& user) {
    return library + ", which " + user + " lists, is no library: declare it";
}

class Checker {
public:
    explicit Checker(fs::path root)
        : root_(std::move(root)),
          layers_(read_layers(read(root_ / kLayersFile))),
          standalone_(closure(layers_, layers_.contains("standalone") ? "standalone" : "wasix")) {}

    std::vector<Finding> run() {
        check_graph();
        for (const std::string_view tree : kTrees) {
            check_tree(tree);
        }
        check_libraries();
        const auto key = [](const Finding& finding) {
            return std::tie(finding.file, finding.line, finding.rule, finding.advice);
        };
        std::sort(findings_.begin(), findings_.end(),
                  [&](const Finding& a, const Finding& b) { return key(a) < key(b); });
        return std::move(findings_);
    }

private:
    static constexpr std::string_view kLayersFile = "cmake/layers.cmake";

    void report(const fs::path& file, std::size_t line, std::string_view rule, std::string advice) {
        findings_.push_back({file.generic_string(), line, std::string(rule), std::move(advice)});
    }

    void check_graph() {
        for (const auto& [name, layer] : layers_) {
            for (const std::string& next : layer.depends) {
                if (!layers_.contains(next)) {
                    report(kLayersFile, layer.line, "layer", undeclared(next, name));
                }
            }
        }
        for (const std::vector<std::string>& cycle : cycles(layers_)) {
            std::string text = cycle.front();
            for (std::size_t i = 1; i < cycle.size(); ++i) {
                text.append(" -> ").append(cycle[i]);
            }
            report(kLayersFile, layers_.find(cycle.front())->second.line, "cycle",
                   text + ": move what both sides need into a library below them");
        }
    }

    void check_tree(std::string_view tree) {
        static const std::set<std::string> code{".h", ".cpp", ".c", ".def", ".S"};
        if (!fs::exists(root_ / tree)) {
            return;
        }
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root_ / tree)) {
            const fs::path path = fs::relative(entry.path(), root_);
            check_name(path);
            if (entry.is_regular_file() && code.contains(path.extension().string())) {
                check_source(load(root_, path));
            }
        }
    }

    /// A directory of src/ is a library: declared in the graph, and introduced by a README.
    void check_libraries() {
        for (const std::string& name : libraries_) {
            const fs::path directory = fs::path("src") / name;
            if (!layers_.contains(name)) {
                report(directory, 1, "layer",
                       "no wasmax_library(" + name + ") in " + std::string(kLayersFile) +
                           ": declare it with what it may include");
            }
            if (!fs::exists(root_ / directory / "README.md")) {
                report(directory / "README.md", 1, "readme",
                       "missing: say in ten lines what the library is for, which header to read "
                       "first and what it may include");
            }
        }
    }

    void check_name(const fs::path& path) {
        const std::string stem = path.stem().string();
        for (const Word& word : words(stem)) {
            for (std::size_t at = 0; at <= word.text.size();) {
                const std::size_t end = std::min(word.text.find('_', at), word.text.size());
                if (contains(kVagueNames, word.text.substr(at, end - at))) {
                    report(path, 1, "name", "says nothing about the content: name the topic");
                }
                at = end + 1;
            }
        }
    }

    /// tests/CMakeLists.txt compiles tests/unit/LIBRARY/*.cpp and tests/e2e/*_test.cpp.
    void check_compiled(const Source& source) {
        static const std::regex unit("tests/unit/(\\w+)/([^/]+)");
        static const std::regex unit_or_e2e("tests/(unit|e2e)/.*");
        static const std::regex e2e("tests/e2e/[^/]+_test");
        const std::string path = fs::path(source.path).replace_extension().generic_string();
        if (source.path.extension() != ".cpp" || !std::regex_match(path, unit_or_e2e)) {
            return;
        }
        std::smatch match;
        const bool compiled =
            (std::regex_match(path, match, unit) && layers_.contains(match[1].str())) ||
            std::regex_match(path, e2e);
        if (!compiled) {
            report(source.path, 1, "compiled",
                   "no target compiles it: tests are tests/unit/LIBRARY/*.cpp and "
                   "tests/e2e/*_test.cpp");
        }
    }

    void check_source(const Source& source) {
        check_length(source);
        check_compiled(source);
        if (source.product && !source.owner.empty()) {
            libraries_.insert(source.owner);
        }
        for (std::size_t i = 0; i < source.lines.size(); ++i) {
            check_include(source, i + 1);
            if (source.product) {
                check_words(source, i + 1);
            }
        }
    }

    void check_length(const Source& source) {
        if (source.lines.size() <= kMaxLines) {
            return;
        }
        const auto top = source.lines.begin();
        if (std::none_of(top, top + kReasonLines, [](const SourceLine& line) {
                return line.text.find("length:") != std::string::npos;
            })) {
            report(source.path, kMaxLines + 1, "length",
                   std::to_string(source.lines.size()) +
                       " lines: split it by topic, or say `length: why` in its first ten lines");
        }
    }

    void check_include(const Source& source, std::size_t number) {
        static const std::regex include(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)");
        const SourceLine& line = source.lines[number - 1];
        std::smatch match;
        // The code, where literals are blank, tells a directive from one inside a comment.
        if (line.code.find("include") == std::string::npos ||
            !std::regex_match(line.text, match, include)) {
            return;
        }
        const bool quoted = match[1] == "\"";
        const std::string header = match[2].str();
        const std::string library = header.substr(0, header.find('/'));
        const auto fail = [&](std::string_view rule, std::string advice) {
            report(source.path, number, rule, std::move(advice));
        };
        if (header.find("/impl/") != std::string::npos && library != source.owner) {
            fail("impl", header + " is private to " + library + ": use a header of src/" + library +
                             "/, or make what you need public there");
        }
        if (!source.product) {
            return;
        }
        if (quoted && library != source.owner) {
            check_layer(source, library, header, fail);
        }
        for (const Confined& confined : kConfined) {
            if (header.starts_with(confined.prefix) && source.owner != confined.library) {
                fail("layer", header + " belongs to src/" + std::string(confined.library) +
                                  "/ alone: ask that library for what you need");
            }
        }
        if (standalone_.contains(source.owner) &&
            std::any_of(kNotStandalone.begin(), kNotStandalone.end(),
                        [&](std::string_view prefix) { return header.starts_with(prefix); })) {
            fail("standalone", source.owner +
                                   " is linked into create-exe executables, which hold "
                                   "only libc and liburing: do without <" +
                                   header + ">");
        }
    }

    template <class Fail>
    void check_layer(const Source& source, const std::string& library, const std::string& header,
                     const Fail& fail) {
        if (!layers_.contains(library)) {
            fail("layer", header +
                              " is in no library: quoted includes start at src/, "
                              "third-party headers take <>");
            return;
        }
        const auto owner = layers_.find(source.owner);
        if (owner != layers_.end() && !owner->second.depends.contains(library)) {
            fail("layer", source.owner + " does not list " + library + " in " +
                              std::string(kLayersFile) +
                              ": move the code down, or add the dependency if it points down");
        }
    }

    void check_words(const Source& source, std::size_t number) {
        const SourceLine& line = source.lines[number - 1];
        const auto ban = [&](std::string_view what, std::string_view advice) {
            report(source.path, number, "banned", std::string(what) + ": " + std::string(advice));
        };
        for (const Word& word : words(line.code)) {
            const auto call =
                std::find_if(kBannedCalls.begin(), kBannedCalls.end(),
                             [&](const BannedCall& row) { return row.name == word.text; });
            if (call != kBannedCalls.end() && calls_free_function(word) &&
                !(call->name == "close" && may_close(source))) {
                ban(call->name, call->advice);
            }
            if (word.text == "throw") {
                ban("throw",
                    "return a Result (base/result.h); WASMAX_ASSERT also stops constant "
                    "evaluation");
            } else if (word.text == "endl" && word.before.ends_with("std::")) {
                ban("std::endl", "write '\\n'; flush where it matters");
            } else if (word.text == "namespace" && word.before.ends_with("using ")) {
                ban("using namespace", "name what you use");
            }
        }
        // Spelled apart, so that a search for open tasks does not find this rule.
        static const std::regex task(R"(.*\b(TO)"
                                     R"(DO|FIX)"
                                     R"(ME)\b.*)");
        static const std::regex issue(R"(.*#[0-9]+.*)");
        if (std::regex_match(line.text, task) && !std::regex_match(line.text, issue)) {
            ban("task without an issue", "do it now, or write the number of its issue as #N");
        }
    }

    static bool may_close(const Source& source) {
        return source.owner == "io" || source.path == "src/base/unique_fd.cpp";
    }

    fs::path root_;
    Layers layers_;
    std::set<std::string> standalone_;
    std::set<std::string> libraries_;  // directories of src/ that hold code
    std::vector<Finding> findings_;
};

}  // namespace

std::string to_string(const Finding& finding) {
    return finding.file + ":" + std::to_string(finding.line) + ": [" + finding.rule + "] " +
           finding.advice;
}

std::vector<Finding> check_repository(const fs::path& root) { return Checker(root).run(); }

}  // namespace wasmax::tidy
