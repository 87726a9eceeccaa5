#include "wasix/dns_message.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasix/net_rules.h"

namespace wasmax::wasix {
namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kMaxLabelBytes = 63;
constexpr std::size_t kMaxNameBytes = 253;
constexpr std::uint16_t kClassInternet = 1;
constexpr std::uint16_t kTypeAlias = 5;  // CNAME

// Bits of the header's second word. RFC 1035 section 4.1.1
constexpr std::uint16_t kResponse = 0x8000;
constexpr std::uint16_t kTruncated = 0x0200;
constexpr std::uint16_t kRecursionDesired = 0x0100;
constexpr std::uint16_t kCodeMask = 0x000f;
constexpr std::uint16_t kNoSuchName = 3;

void put(std::vector<std::uint8_t>& message, std::uint16_t value) {
    message.push_back(static_cast<std::uint8_t>(value >> 8));
    message.push_back(static_cast<std::uint8_t>(value & 0xff));
}

/// Reads a message from front to back; past its end everything is zero and `ok` is false.
class Reader {
public:
    explicit Reader(std::span<const std::uint8_t> message) : message_(message) {}

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t position() const { return at_; }
    void rewind(std::size_t position) { at_ = position; }
    std::uint8_t byte() {
        if (at_ >= message_.size()) {
            ok_ = false;
            return 0;
        }
        return message_[at_++];
    }
    std::uint16_t word() {
        const std::uint16_t high = byte();
        return static_cast<std::uint16_t>(high << 8 | byte());
    }
    std::span<const std::uint8_t> bytes(std::size_t count) {
        if (count > message_.size() - at_) {
            ok_ = false;
            return {};
        }
        at_ += count;
        return message_.subspan(at_ - count, count);
    }
    /// In lower case, each label followed by a dot. Follows compression pointers, which lead only
    /// backwards, so that it ends.
    std::string name() {
        std::string text;
        std::size_t limit = at_;
        std::size_t after = 0;  // behind the first pointer
        while (ok_) {
            const std::uint8_t length = byte();
            if (length == 0) {
                break;
            }
            if (length > kMaxLabelBytes) {
                const std::size_t target = (length & 0x3fU) << 8 | byte();
                ok_ = ok_ && length >= 0xc0 && target < limit;
                after = after == 0 ? at_ : after;
                limit = target;
                at_ = target;
                continue;
            }
            for (const std::uint8_t c : bytes(length)) {
                text += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
            }
            text += '.';
            ok_ = ok_ && text.size() <= kMaxNameBytes + 1;
        }
        at_ = after == 0 ? at_ : after;
        return text;
    }

private:
    std::span<const std::uint8_t> message_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

struct Question {
    std::string name;
    std::uint16_t type;
    std::uint16_t internet_class;
    bool operator==(const Question&) const = default;
};

Question read_question(Reader& reader) {
    Question question;
    question.name = reader.name();
    question.type = reader.word();
    question.internet_class = reader.word();
    return question;
}

void read_records(Reader& reader, unsigned count, const Question& question, DnsAnswer& answer) {
    std::vector<std::string> names{question.name};  // the question's and its aliases
    for (unsigned record = 0; record < count && reader.ok(); ++record) {
        const std::string owner = reader.name();
        const std::uint16_t type = reader.word();
        const std::uint16_t record_class = reader.word();
        reader.bytes(4);  // how long it may be kept, which is not at all
        const std::uint16_t length = reader.word();
        const std::size_t data_at = reader.position();
        const auto data = reader.bytes(length);
        const bool ours = std::ranges::find(names, owner) != names.end();
        if (!reader.ok() || !ours || record_class != kClassInternet) {
            continue;
        }
        if (type == kTypeAlias) {
            Reader alias = reader;
            alias.rewind(data_at);
            names.push_back(alias.name());
        } else if (type == question.type && type == static_cast<std::uint16_t>(RecordType::a) &&
                   length == 4) {
            answer.addresses.push_back(IpAddress::inet4(data.data()));
        } else if (type == question.type && type == static_cast<std::uint16_t>(RecordType::aaaa) &&
                   length == 16) {
            answer.addresses.push_back(IpAddress::inet6(data.data()));
        }
    }
}

}  // namespace

std::optional<std::vector<std::uint8_t>> encode_query(std::uint16_t id, std::string_view name,
                                                      RecordType type) {
    if (name.ends_with('.')) {
        name.remove_suffix(1);
    }
    if (name.empty() || name.size() > kMaxNameBytes) {
        return std::nullopt;
    }
    std::vector<std::uint8_t> message;
    message.reserve(kHeaderBytes + name.size() + 6);
    put(message, id);
    put(message, kRecursionDesired);
    put(message, 1);  // questions, then records of three kinds
    message.insert(message.end(), 6, 0);
    while (true) {
        const std::string_view label = name.substr(0, name.find('.'));
        if (label.empty() || label.size() > kMaxLabelBytes) {
            return std::nullopt;
        }
        message.push_back(static_cast<std::uint8_t>(label.size()));
        message.insert(message.end(), label.begin(), label.end());
        if (label.size() == name.size()) {
            break;
        }
        name.remove_prefix(label.size() + 1);
    }
    message.push_back(0);
    put(message, static_cast<std::uint16_t>(type));
    put(message, kClassInternet);
    return message;
}

std::optional<DnsAnswer> decode_answer(std::span<const std::uint8_t> message,
                                       std::span<const std::uint8_t> query) {
    Reader asked(query);
    const std::uint16_t id = asked.word();
    asked.bytes(kHeaderBytes - 2);
    const Question question = read_question(asked);

    Reader reader(message);
    const std::uint16_t answer_id = reader.word();
    const std::uint16_t flags = reader.word();
    const std::uint16_t questions = reader.word();
    const std::uint16_t records = reader.word();
    reader.bytes(4);  // the sections of other servers, which are not asked
    if (!reader.ok() || answer_id != id || (flags & kResponse) == 0 || questions != 1 ||
        read_question(reader) != question || !reader.ok()) {
        return std::nullopt;
    }
    DnsAnswer answer;
    answer.truncated = (flags & kTruncated) != 0;
    const std::uint16_t code = flags & kCodeMask;
    if (code == kNoSuchName) {
        answer.outcome = DnsAnswer::Outcome::no_such_name;
    } else if (code == 0) {
        answer.outcome = DnsAnswer::Outcome::found;
        read_records(reader, records, question, answer);
        if (!reader.ok() && !answer.truncated) {
            return std::nullopt;
        }
    }
    return answer;
}

}  // namespace wasmax::wasix
