#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace wasmax::tidy {

struct SourceLine {
    std::string text;  ///< as written
    std::string code;  ///< the same columns, comments and the insides of literals blanked
};

/// Splits C or C++ source into lines. Knows comments, string, raw string and character literals.
[[nodiscard]] std::vector<SourceLine> source_lines(std::string_view source);

/// An identifier in a line of code and what surrounds it.
struct Word {
    std::string_view text;
    std::string_view before;  ///< the code of the line before it
    std::string_view after;   ///< the code of the line behind it
};

/// The identifiers and keywords of `code`, left to right; views into `code`.
[[nodiscard]] std::vector<Word> words(std::string_view code);

/// Whether `word` calls a free function, `f(`, `::f(` or `std::f(`: neither a method call nor a
/// declaration, as far as one line can tell.
[[nodiscard]] bool calls_free_function(const Word& word);

}  // namespace wasmax::tidy
