#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "codegen/compiler.h"
#include "wasm/sink.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// What the optimizer's time grows with, faster than linearly.
struct BodySize {
    std::uint64_t code_bytes = 0;  ///< of wasm
    std::uint32_t loop_depth = 0;  ///< of loops inside each other, at most
    std::uint64_t most_phis = 0;   ///< places where control flow meets, times locals
};

/// Measures the body that it is told about.
struct BodyMeter : wasm::NullSink {
    /// How many loops are around its block.
    struct Label {
        std::uint32_t loops = 0;
    };

    Label begin_function(const wasm::FunctionType& type,
                         std::span<const wasm::ValueType> declared) {
        locals = type.parameters.size() + declared.size();
        return {};
    }
    Label block(const wasm::BlockSignature&, std::span<const Value>) { return join(); }
    Label loop(const wasm::BlockSignature&, std::span<Value>) {
        const Label label = join();
        size.loop_depth = std::max(size.loop_depth, ++loops);
        return label;
    }
    Label if_(const wasm::BlockSignature&, Value, std::span<const Value>) { return join(); }
    Label try_(const wasm::BlockSignature&, std::span<const Value>) { return join(); }
    Label try_table(const wasm::BlockSignature&, std::span<const Value>,
                    std::span<const wasm::CatchClause<Label>>) {
        return join();
    }
    void else_(const Label& label, bool, std::span<const Value>, std::span<Value>) {
        loops = label.loops;
    }
    void end(const Label& label, wasm::FrameKind, bool, std::span<const Value>, std::span<Value>) {
        loops = label.loops;
    }
    void end_try(const Label& label, wasm::FrameKind, bool, std::span<const Value>) {
        loops = label.loops;
    }
    void end_function(const Label&, bool, std::span<const Value>) {}
    void catch_(const Label& label, bool, std::span<const Value>, wasm::TagIndex,
                std::span<Value>) {
        loops = label.loops;
    }
    void catch_all(const Label& label, bool, std::span<const Value>) { loops = label.loops; }
    void delegate(const Label& label, const Label*) { loops = label.loops; }
    void rethrow(const Label&) {}
    void br(const Label&, std::span<const Value>) {}
    void br_if(const Label&, Value, std::span<const Value>) {}
    void br_table(Value, std::span<Label* const>, std::span<const Value>) {}
    void br_on_null(const Label&, Value, std::span<const Value>) {}
    void br_on_non_null(const Label&, Value, std::span<const Value>) {}

    BodySize size;
    std::uint64_t locals = 0;
    std::uint32_t loops = 0;  ///< around the current place

private:
    Label join() {
        size.most_phis += locals;
        return {loops};
    }
};

/// Whether the function would take more time than `tier` is for, so that it is compiled as by t0.
[[nodiscard]] bool is_giant(const BodySize& size, Tier tier);

}  // namespace wasmax::codegen
