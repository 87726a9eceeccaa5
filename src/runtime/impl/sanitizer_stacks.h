#pragma once

#include <cstddef>

// AddressSanitizer wants to know which stack a thread is on. In other builds these do nothing.

#if __has_feature(address_sanitizer)

#include <sanitizer/common_interface_defs.h>

namespace wasmax::runtime {

/// Before a switch to the stack of `bytes` at `low`; `fake` is the left stack's, null for good.
inline void start_stack_switch(void** fake, const void* low, std::size_t bytes) {
    __sanitizer_start_switch_fiber(fake, low, bytes);
}
/// After it, on the stack whose `fake` it was; null on a new one.
inline void finish_stack_switch(void* fake) {
    __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
}

}  // namespace wasmax::runtime

#else

namespace wasmax::runtime {

inline void start_stack_switch(void** /*fake*/, const void* /*low*/, std::size_t /*bytes*/) {}
inline void finish_stack_switch(void* /*fake*/) {}

}  // namespace wasmax::runtime

#endif
