#include "cli/trace_explain.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "trace/fields.h"
#include "trace/file_reader.h"
#include "trace/schema.h"

namespace wasmax::cli {
namespace {

enum class Condition : std::uint8_t { always, sockaddr, swapped };

struct Step {
    std::string_view call;
    FdState state;
};
constexpr std::array kSteps{
#define STEP(call, state) Step{#call, FdState::state},
#define RULE(call, error, state, condition, sentence)
#include "cli/call_order.def"
};

struct Rule {
    std::string_view call;
    std::string_view error;
    FdState state;
    Condition condition;
    std::string_view sentence;
};
constexpr std::array kRules {
#define STEP(call, state)
#define RULE(call, error, state, condition, sentence) \
    Rule{#call, #error, FdState::state, Condition::condition, sentence},
#include "cli/call_order.def"
};

constexpr std::string_view kAny = "any";
constexpr std::uint8_t kInet6 = 2;  // of WASIX, and AF_INET of everybody else
constexpr std::uint64_t kInet4Family = 1;

bool fits(std::string_view pattern, std::string_view text) {
    return pattern == kAny || pattern == text;
}

std::uint16_t swapped(std::uint16_t port) {
    return static_cast<std::uint16_t>(port << 8U | port >> 8U);
}

/// Ports that people choose: another number that is one of these when swapped was meant to be it.
bool is_usual(std::uint16_t port) {
    constexpr std::array<std::uint16_t, 16> kUsual{3000, 3306, 4000, 4443, 5000, 5432, 6379, 7000,
                                                   8000, 8008, 8080, 8081, 8443, 8888, 9000, 9090};
    return (port != 0 && port < 1024) || std::ranges::find(kUsual, port) != kUsual.end();
}

const trace::SocketAddress* address_in(const std::vector<trace::FieldValue>& values) {
    for (const trace::FieldValue& value : values) {
        if (value.address && !value.field->out) {
            return &*value.address;
        }
    }
    return nullptr;
}

bool holds(Condition condition, const trace::SocketAddress* address, std::uint64_t family) {
    switch (condition) {
        case Condition::always:
            return true;
        case Condition::sockaddr:
            return address != nullptr && address->family == kInet6 && family == kInet4Family;
        case Condition::swapped:
            return address != nullptr && !is_usual(address->port) &&
                   is_usual(swapped(address->port));
    }
    return false;
}

void replace(std::string& text, std::string_view word, const std::string& by) {
    const std::size_t at = text.find(word);
    if (at != std::string::npos) {
        text.replace(at, word.size(), by);
    }
}

}  // namespace

std::optional<std::string> Explainer::see(const trace::Record& record, std::int32_t guest_tid) {
    if (record.call >= schema_.calls.size()) {
        return std::nullopt;
    }
    const auto values = trace::decode(schema_, record);
    const auto fd = trace::first_fd(schema_, record);
    std::optional<std::string> sentence;
    if (record.error != 0) {
        sentence = rule(record, values, fd.value_or(~0U));
    }
    learn(record, values, guest_tid);
    if (sentence && fd && descriptors_.contains(*fd)) {
        std::string story;
        for (const std::string& step : descriptors_[*fd].story) {
            story += (story.empty() ? "" : " > ") + step;
        }
        *sentence += fmt::format(" [fd {}: {}]", static_cast<std::int32_t>(*fd), story);
    }
    return sentence;
}

std::optional<std::string> Explainer::rule(const trace::Record& record,
                                           const std::vector<trace::FieldValue>& values,
                                           std::uint32_t fd) {
    const std::string_view call = schema_.call_name(record.call);
    const std::string error = schema_.error_name(record.error);
    const auto found = descriptors_.find(fd);
    const Descriptor known = found == descriptors_.end() ? Descriptor{} : found->second;
    const trace::SocketAddress* const address = address_in(values);
    for (const Rule& rule : kRules) {
        if (!fits(rule.call, call) || !fits(rule.error, error) ||
            (rule.state != FdState::any && rule.state != known.state) ||
            !holds(rule.condition, address, known.family)) {
            continue;
        }
        std::string sentence(rule.sentence);
        replace(sentence, "{fd}", std::to_string(static_cast<std::int32_t>(fd)));
        replace(sentence, "{thread}", std::to_string(known.closer));
        if (address != nullptr) {
            replace(sentence, "{port}", std::to_string(address->port));
            replace(sentence, "{swapped}", std::to_string(swapped(address->port)));
        }
        return sentence;
    }
    return std::nullopt;
}

/// A call that succeeds moves the descriptors it gave, or else the one it was given.
void Explainer::learn(const trace::Record& record, const std::vector<trace::FieldValue>& values,
                      std::int32_t guest_tid) {
    const std::string_view name = schema_.call_name(record.call);
    const auto given = trace::first_fd(schema_, record);
    std::vector<std::uint32_t> made;
    std::uint64_t family = 0;
    for (const trace::FieldValue& value : values) {
        if (value.field->kind == trace::FieldKind::fd && value.field->out) {
            made.push_back(static_cast<std::uint32_t>(value.number));
        }
        family = value.field->name == "af" ? value.number : family;
    }
    const auto step =
        std::ranges::find_if(kSteps, [&](const Step& entry) { return entry.call == name; });
    for (const std::uint32_t fd : made) {
        descriptors_[fd] = {
            step == kSteps.end() ? FdState::file : step->state, 0, family, {std::string(name)}};
    }
    if (!given) {
        return;
    }
    Descriptor& descriptor = descriptors_[*given];
    if (descriptor.state == FdState::none && record.error == 0) {
        descriptor.state = FdState::file;  // it was open before the recording
    }
    constexpr std::size_t kStory = 8;
    std::string entry(name);
    if (record.error != 0) {
        entry += " = " + schema_.error_name(record.error);
    }
    if (descriptor.story.empty() || descriptor.story.back() != entry) {
        descriptor.story.push_back(std::move(entry));
    }
    if (descriptor.story.size() > kStory) {
        descriptor.story.erase(descriptor.story.begin());
    }
    if (record.error == 0 && made.empty() && step != kSteps.end()) {
        descriptor.state = step->state;
        descriptor.closer = guest_tid;
    }
}

}  // namespace wasmax::cli
