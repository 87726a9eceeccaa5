#include "tidy/layers.h"

#include <algorithm>
#include <cstddef>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasmax::tidy {
namespace {

/// `text` with `#` comments blanked, so that line numbers stay.
std::string without_comments(std::string_view text) {
    std::string result(text);
    bool comment = false;
    for (char& c : result) {
        comment = c != '\n' && (comment || c == '#');
        if (comment) {
            c = ' ';
        }
    }
    return result;
}

std::set<std::string> depends_of(const std::string& arguments) {
    static const std::set<std::string> keywords{"LINKS", "SHARED", "DEPENDS", "LOADS"};
    std::istringstream words(arguments);
    std::set<std::string> depends;
    bool listing = false;
    for (std::string word; words >> word;) {
        if (keywords.contains(word)) {
            listing = word == "DEPENDS" || word == "LOADS";
        } else if (listing) {
            depends.insert(word);
        }
    }
    return depends;
}

/// Depth-first search that keeps the path from its root.
class CycleSearch {
public:
    explicit CycleSearch(const Layers& layers) : layers_(layers) {}

    std::vector<std::vector<std::string>> run() {
        for (const auto& [name, layer] : layers_) {
            visit(name);
        }
        return std::move(found_);
    }

private:
    void visit(const std::string& name) {
        const auto seen = std::find(path_.begin(), path_.end(), name);
        if (seen != path_.end()) {
            found_.emplace_back(seen, path_.end());
            found_.back().push_back(name);
            return;
        }
        const auto layer = layers_.find(name);
        if (layer == layers_.end() || !done_.insert(name).second) {
            return;
        }
        path_.push_back(name);
        for (const std::string& next : layer->second.depends) {
            visit(next);
        }
        path_.pop_back();
    }

    const Layers& layers_;
    std::vector<std::string> path_;
    std::set<std::string> done_;
    std::vector<std::vector<std::string>> found_;
};

}  // namespace

Layers read_layers(std::string_view cmake) {
    static const std::regex call(R"(\bwasmax_\w+\s*\(\s*(\w+)([^)]*)\))");
    const std::string text = without_comments(cmake);
    Layers layers;
    for (std::sregex_iterator match(text.begin(), text.end(), call), end; match != end; ++match) {
        const auto line = 1 + std::count(text.begin(), text.begin() + match->position(), '\n');
        layers[(*match)[1].str()] = {static_cast<std::size_t>(line), depends_of((*match)[2].str())};
    }
    return layers;
}

std::vector<std::vector<std::string>> cycles(const Layers& layers) {
    return CycleSearch(layers).run();
}

std::set<std::string> closure(const Layers& layers, std::string_view name) {
    std::set<std::string> reached;
    std::vector<std::string> pending{std::string(name)};
    while (!pending.empty()) {
        const std::string next = std::move(pending.back());
        pending.pop_back();
        const auto layer = layers.find(next);
        if (reached.insert(next).second && layer != layers.end()) {
            pending.insert(pending.end(), layer->second.depends.begin(),
                           layer->second.depends.end());
        }
    }
    return reached;
}

}  // namespace wasmax::tidy
