#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trace/fields.h"
#include "trace/file_reader.h"
#include "trace/schema.h"

namespace wasmax::cli {

/// What a descriptor went through: states of call_order.def.
enum class FdState : std::uint8_t {
    none,
    open,
    bound,
    listening,
    connected,
    shut,
    closed,
    file,
    any,
};

/// Follows descriptors through a recording and says which rule a failed call broke. The records
/// come in the order of their begins.
class Explainer {
public:
    explicit Explainer(const trace::Schema& schema) : schema_(schema) {}

    /// A sentence about the record, with its descriptor's story; nothing if it succeeded or no rule
    /// fits. `guest_tid`: of the thread that called.
    std::optional<std::string> see(const trace::Record& record, std::int32_t guest_tid);

private:
    struct Descriptor {
        FdState state = FdState::none;
        std::int32_t closer = 0;
        std::uint64_t family = 0;          // as sock_open was given
        std::vector<std::string> story{};  // the latest calls, with errors
    };
    void learn(const trace::Record& record, const std::vector<trace::FieldValue>& values,
               std::int32_t guest_tid);
    [[nodiscard]] std::optional<std::string> rule(const trace::Record& record,
                                                  const std::vector<trace::FieldValue>& values,
                                                  std::uint32_t fd);

    const trace::Schema& schema_;
    std::map<std::uint32_t, Descriptor> descriptors_;
};

}  // namespace wasmax::cli
