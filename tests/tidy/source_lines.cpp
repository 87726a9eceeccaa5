#include "tidy/source_lines.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wasmax::tidy {
namespace {

constexpr std::string_view kIdentifierCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

bool is_identifier_character(char c) {
    return kIdentifierCharacters.find(c) != std::string_view::npos;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed_right(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

/// The identifier that `text` ends with, or an empty view.
std::string_view last_word(std::string_view text) {
    return text.substr(text.find_last_not_of(kIdentifierCharacters) + 1);
}

/// Where the literal or comment that starts at `at` ends (behind its last character), or `at` when
/// there is ordinary code.
std::size_t skip_literal_or_comment(std::string_view source, std::size_t at) {
    const auto end_of = [&](std::string_view terminator, std::size_t from) {
        const std::size_t found = source.find(terminator, from);
        return found == std::string_view::npos ? source.size() : found + terminator.size();
    };
    const std::string_view rest = source.substr(at);
    if (rest.starts_with("//")) {
        const std::size_t found = source.find('\n', at);
        return found == std::string_view::npos ? source.size() : found;
    }
    if (rest.starts_with("/*")) {
        return end_of("*/", at + 2);
    }
    if (rest.starts_with('"') && at > 0 && source[at - 1] == 'R') {
        const std::size_t open = source.find('(', at);
        if (open == std::string_view::npos) {
            return source.size();
        }
        const std::string close = ")" + std::string(source.substr(at + 1, open - at - 1)) + "\"";
        return end_of(close, open);
    }
    // The ' in 1'000 separates digits.
    const bool separator = rest.starts_with('\'') && at > 0 &&
                           is_identifier_character(source[at - 1]) &&
                           is_digit(last_word(source.substr(0, at)).front());
    if (separator || (!rest.starts_with('"') && !rest.starts_with('\''))) {
        return at;
    }
    for (std::size_t i = at + 1; i < source.size(); ++i) {
        if (source[i] == '\\') {
            ++i;
        } else if (source[i] == source[at]) {
            return i + 1;
        } else if (source[i] == '\n') {
            return i;
        }
    }
    return source.size();
}

}  // namespace

std::vector<SourceLine> source_lines(std::string_view source) {
    std::string code(source);
    for (std::size_t at = 0; at < code.size();) {
        const std::size_t end = skip_literal_or_comment(source, at);
        for (std::size_t i = at; i < end; ++i) {
            if (code[i] != '\n') {
                code[i] = ' ';
            }
        }
        at = end == at ? at + 1 : end;
    }
    std::vector<SourceLine> lines;
    for (std::size_t at = 0; at < source.size();) {
        const std::size_t end = std::min(source.find('\n', at), source.size());
        lines.push_back({std::string(source.substr(at, end - at)), code.substr(at, end - at)});
        at = end + 1;
    }
    return lines;
}

std::vector<Word> words(std::string_view code) {
    std::vector<Word> result;
    std::size_t at = code.find_first_of(kIdentifierCharacters);
    while (at != std::string_view::npos) {
        const std::size_t end =
            std::min(code.find_first_not_of(kIdentifierCharacters, at), code.size());
        result.push_back({code.substr(at, end - at), code.substr(0, at), code.substr(end)});
        at = code.find_first_of(kIdentifierCharacters, end);
    }
    return result;
}

bool calls_free_function(const Word& word) {
    if (!word.after.substr(std::min(word.after.find_first_not_of(" \t"), word.after.size()))
             .starts_with('(')) {
        return false;
    }
    const std::string_view before = trimmed_right(word.before);
    if (before.ends_with("::")) {
        const std::string_view scope = last_word(before.substr(0, before.size() - 2));
        return scope.empty() || scope == "std";
    }
    if (before.ends_with('.') || before.ends_with("->") || before.ends_with('>')) {
        return false;  // a method, or a declaration behind a template type
    }
    // Behind another word it is declared, unless that word is a keyword of statements.
    static constexpr std::array<std::string_view, 6> kKeywords{"return", "else", "do",
                                                               "case",   "and",  "or"};
    const std::string_view previous = last_word(before);
    return previous.empty() ||
           std::find(kKeywords.begin(), kKeywords.end(), previous) != kKeywords.end();
}

}  // namespace wasmax::tidy
