#include "wasm/opcode.h"

#include <cstddef>

#include "wasm/impl/opcode_table.h"

namespace wasmax::wasm {

const OpcodeInfo& opcode_info(Opcode opcode) { return kOpcodes[static_cast<std::size_t>(opcode)]; }

}  // namespace wasmax::wasm
