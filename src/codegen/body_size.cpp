#include "codegen/impl/body_size.h"

#include <cstdint>

namespace wasmax::codegen {
namespace {

struct Bounds {
    std::uint64_t code_bytes;
    std::uint32_t loop_depth;
    std::uint64_t phis;
};

}  // namespace

bool is_giant(const BodySize& size, Tier tier) {
    // t2: 7 s for 77 KB, 23 s for 138 KB; 9 s for 250 loops inside each other; 10 s for a million
    // phis. t3 is for who can wait: interpreters' loops are the largest functions there are, and
    // what counts most.
    static constexpr Bounds kDefault{std::uint64_t{48} * 1024, 64, 2'000'000};
    static constexpr Bounds kHighest{std::uint64_t{512} * 1024, 256, 32'000'000};
    const Bounds& bounds = tier == Tier::t3 ? kHighest : kDefault;
    return size.code_bytes > bounds.code_bytes || size.loop_depth > bounds.loop_depth ||
           size.most_phis > bounds.phis;
}

}  // namespace wasmax::codegen
