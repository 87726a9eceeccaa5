#include "abi/trap.h"

#include <cstdint>

namespace wasmax::abi {

const char* message(TrapCode code) {
    switch (code) {
#define TRAP(number, name, text) \
    case TrapCode::name:         \
        return text;
#include "abi/traps.def"
    }
    return "unknown trap";
}

const char* to_string(TrapCode code) {
    switch (code) {
#define TRAP(number, name, text) \
    case TrapCode::name:         \
        return #name;
#include "abi/traps.def"
    }
    return "unknown_trap";
}

bool is_trap_code(std::uint8_t code) {
    switch (code) {
#define TRAP(number, name, text) case number:
#include "abi/traps.def"
        return true;
        default:  // a byte, not one of our enums
            return false;
    }
}

}  // namespace wasmax::abi
