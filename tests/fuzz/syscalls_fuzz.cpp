// Any memory and any sequence of system calls: no byte outside the guest's memory is touched, every
// call returns an errno, and none waits. The input is the memory's first bytes (a count in two
// bytes before them), then calls: a row, how wide addresses are, and for each argument a small
// number or eight bytes.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "base/assert.h"
#include "base/units.h"
#include "unit/wasix/guest.h"
#include "unit/wasix/hostile.h"
#include "wasix/guest_memory.h"
#include "wasix/import_table.h"

namespace wasmax::wasix {
namespace {

/// Takes the input apart; zeros after its end.
class Input {
public:
    explicit Input(ByteView bytes) : rest_(bytes) {}

    template <class T>
    T take() {
        T value{};
        const ByteView bytes = take_bytes(sizeof value);
        std::memcpy(&value, bytes.data(), bytes.size());
        return value;
    }
    ByteView take_bytes(std::size_t count) {
        const ByteView bytes = rest_.first(std::min(count, rest_.size()));
        rest_ = rest_.subspan(bytes.size());
        return bytes;
    }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

private:
    ByteView rest_;
};

void call(Guest& guest, const Syscall& row, Input& input) {
    constexpr std::uint8_t kWide = 0xc0;
    const auto width =
        input.take<std::uint8_t>() % 4 == 0 ? AddressWidth::bits64 : AddressWidth::bits32;
    std::vector<std::uint64_t> arguments(row.narrow.type().parameters.size());
    for (std::uint64_t& argument : arguments) {
        const auto selector = input.take<std::uint8_t>();
        argument = selector < kWide ? selector : input.take<std::uint64_t>();
    }
    WASMAX_ASSERT(is_result_of(row, guest.call_row(row, arguments, width)));
}

void run(ByteView bytes) {
    constexpr int kMaxCalls = 200;
    static const std::vector<const Syscall*> rows = harmless_rows();
    Input input(bytes);
    HarmlessGuest guest;
    const ByteView image = input.take_bytes(input.take<std::uint16_t>());
    std::memcpy(guest->at(0), image.data(), image.size());
    for (int calls = 0; calls < kMaxCalls && !input.empty(); ++calls) {
        call(*guest, *rows[input.take<std::uint16_t>() % rows.size()], input);
    }
}

}  // namespace
}  // namespace wasmax::wasix

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    wasmax::wasix::run(std::as_bytes(std::span(data, size)));
    return 0;
}
