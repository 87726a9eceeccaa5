#include "runtime/outcome.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include "abi/exception.h"
#include "abi/trap.h"
#include "runtime/artifact.h"
#include "runtime/exception_heap.h"
#include "runtime/impl/describe_trap.h"
#include "runtime/store.h"
#include "runtime/trap_handler.h"

namespace wasmax::runtime {
namespace {

std::string hexadecimal(std::uint64_t value) {
    std::array<char, 2 * sizeof(value)> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
    return "0x" + std::string(digits.data(), end);
}

}  // namespace

std::string to_string(const Trap& trap) {
    std::string text = trap.code == abi::TrapCode::uncaught_exception
                           ? "uncaught exception: " + trap.exception
                           : std::string("wasm trap: ") + abi::message(trap.code);
    for (const Frame& frame : trap.frames) {
        const std::string index = "func[" + std::to_string(frame.function) + "]";
        text += "\n  at " + frame.name + (frame.name == index ? "" : " (" + index + ")");
        if (frame.wasm_offset != 0) {
            text += " offset " + hexadecimal(frame.wasm_offset);
        }
    }
    return text;
}

Trap describe_trap(const Store& store, const TrapRecord& record, const abi::Exception* uncaught) {
    Trap trap{.code = record.code, .pc = 0, .frames = {}};
    if (record.code == abi::TrapCode::uncaught_exception && uncaught != nullptr) {
        trap.exception = describe(*uncaught);
    }
    for (std::uint32_t index = 0; index < record.count; ++index) {
        // A return address is that of the instruction after the call.
        const std::uintptr_t pc = record.pcs[index] - (index == 0 && record.at_instruction ? 0 : 1);
        if (index == 0) {
            trap.pc = pc;
        }
        const Artifact* artifact = store.find_code(pc);
        const auto location = artifact == nullptr ? std::nullopt : artifact->find(pc);
        if (location.has_value()) {
            trap.frames.push_back({.module = artifact->name(),
                                   .function = location->function.value,
                                   .name = artifact->function_name(location->function),
                                   .wasm_offset = location->wasm_offset});
        }
    }
    return trap;
}

}  // namespace wasmax::runtime
