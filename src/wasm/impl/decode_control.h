#pragma once

// FunctionDecoder: control instructions. wasm: valid-instr-control

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::read_block_type() -> Checked<BlockSignature> {
    constexpr int kEmpty = 0x40;
    const int byte = reader_.peek();
    if (byte == kEmpty) {
        reader_.skip_byte();
        return BlockSignature{};
    }
    if (byte == kReference || byte == kNullableReference) [[unlikely]] {
        block_types_.push_back(TRY(read(read_value_type(reader_, type_scope()))));
        return BlockSignature{.parameters = {}, .results = std::span(&block_types_.back(), 1)};
    }
    if (const ValueTypeRow* row = find_value_type(byte)) {
        if (!features_.has(row->feature)) {
            return refuse(feature_error(row->feature, reader_.offset()));
        }
        reader_.skip_byte();
        return BlockSignature{.parameters = {}, .results = std::span(&row->type, 1)};
    }
    const std::int64_t index = TRY(read(reader_.s33()));
    if (index < 0) {
        return malformed("malformed block type");
    }
    if (!features_.has(Feature::multi_value)) {
        return refuse(feature_error(Feature::multi_value, instruction_offset_));
    }
    if (static_cast<std::uint64_t>(index) >= module_.types.size()) {
        return unknown("type", static_cast<std::uint64_t>(index));
    }
    const FunctionType& type = module_.types[static_cast<std::size_t>(index)];
    return BlockSignature{.parameters = type.parameters, .results = type.results};
}

/// The parameters, if any, are on top of the operand stack and become the frame's.
template <class Sink>
void FunctionDecoder<Sink>::push_frame(FrameKind kind, const BlockSignature& signature,
                                       Label label) {
    frames_.push_back({.label = std::move(label),
                       .signature = signature,
                       .height = operands_.size() - signature.parameters.size(),
                       .handler = catches(kind)     ? frames_.size() + 1
                                  : frames_.empty() ? 0
                                                    : frames_.back().handler,
                       .initializations = initializations_.size(),
                       .kind = kind,
                       .entered_live = live_,
                       .end_reached = false,
                       .polymorphic = false});
}

template <class Sink>
auto FunctionDecoder<Sink>::enter_block(FrameKind kind) -> Checked<void> {
    const BlockSignature signature = TRY(read_block_type());
    if (kind == FrameKind::try_table) {
        TRY(read_catch_clauses());
    }
    Value condition{};
    if (kind == FrameKind::if_) {
        condition = TRY(pop(ValueType::i32));
    }
    TRY(charge(signature.parameters.size() + signature.results.size()));
    TRY(pop_all(signature.parameters));
    operands_.push_types(signature.parameters);
    Label label{};
    if (live_) {
        const auto parameters = operands_.top_values(signature.parameters.size());
        switch (kind) {
            case FrameKind::loop:
                label = sink_->loop(signature, parameters);
                break;
            case FrameKind::if_:
                label = sink_->if_(signature, condition, parameters);
                break;
            case FrameKind::try_:
                label = sink_->try_(signature, parameters);
                break;
            case FrameKind::try_table:
                label = sink_->try_table(signature, parameters, clauses_);
                break;
            case FrameKind::function:
            case FrameKind::else_:
            case FrameKind::catch_:
            case FrameKind::catch_all:
            case FrameKind::block:
                label = sink_->block(signature, parameters);
                break;
        }
    }
    if (frames_.size() >= kMaxNesting) [[unlikely]] {
        return refuse(ModuleError::Kind::limit,
                      "more than " + std::to_string(kMaxNesting) + " nested blocks");
    }
    push_frame(kind, signature, std::move(label));
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_block(const OpcodeInfo&) -> Checked<void> {
    return enter_block(FrameKind::block);
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_loop(const OpcodeInfo&) -> Checked<void> {
    return enter_block(FrameKind::loop);
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_if_(const OpcodeInfo&) -> Checked<void> {
    return enter_block(FrameKind::if_);
}

template <class Sink>
auto FunctionDecoder<Sink>::pop_results() -> Checked<std::span<Value>> {
    const auto results = TRY(pop_all(frame().signature.results));
    if (operands_.size() != frame().height) {
        return invalid("type mismatch: " + std::to_string(operands_.size() - frame().height) +
                       " values too many at the end of the block");
    }
    return live_ ? results : std::span<Value>();
}

template <class Sink>
void FunctionDecoder<Sink>::revive_at_instruction() {
    if (!live_) {
        sink_->at(instruction_offset_);
    }
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_else_(const OpcodeInfo&) -> Checked<void> {
    if (frame().kind != FrameKind::if_) {
        return malformed("misplaced else");
    }
    const std::span<const Value> results = TRY(pop_results());
    Frame& arm = frame();
    leave_initializations();
    const auto parameters = scratch(arm.signature.parameters.size());
    if (arm.entered_live) {
        revive_at_instruction();
        sink_->else_(arm.label, live_, results, parameters);
    }
    operands_.push_all(arm.signature.parameters, parameters);
    arm.kind = FrameKind::else_;
    arm.end_reached |= live_;
    arm.polymorphic = false;
    live_ = arm.entered_live;
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_end(const OpcodeInfo&) -> Checked<void> {
    const Frame& ended = frame();
    if (ended.kind == FrameKind::if_ &&
        !std::ranges::equal(ended.signature.parameters, ended.signature.results, is_subtype)) {
        return invalid("type mismatch: an if without else must leave its parameters");
    }
    const std::span<const Value> results = TRY(pop_results());
    leave_initializations();
    const bool skipped = ended.kind == FrameKind::if_ && ended.entered_live;
    const bool end_live = live_ || ended.end_reached || skipped;
    if (ended.kind == FrameKind::function) {
        if (end_live) {
            revive_at_instruction();
            sink_->end_function(frame().label, live_, results);
        }
        frames_.pop_back();
        return {};
    }
    const std::span<const ValueType> types = ended.signature.results;
    const auto merged = scratch(types.size());
    if (is_try(ended.kind) && ended.entered_live) {
        revive_at_instruction();
        sink_->end_try(frame().label, ended.kind, live_, results);
    }
    if (end_live) {
        revive_at_instruction();
        sink_->end(frame().label, ended.kind, live_, results, merged);
    }
    operands_.push_all(types, merged);
    frames_.pop_back();
    live_ = end_live;
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::read_label() -> Checked<Frame*> {
    const std::uint32_t depth = TRY(read_index("label", frames_.size()));
    Frame* target = &frames_[frames_.size() - 1 - depth];
    TRY(charge(target->label_types().size()));
    return target;
}

template <class Sink>
void FunctionDecoder<Sink>::branch_to(Frame& target) {
    target.end_reached |= target.kind != FrameKind::loop;
}

template <class Sink>
void FunctionDecoder<Sink>::set_unreachable() {
    operands_.truncate(frame().height);
    frame().polymorphic = true;
    live_ = false;
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_unreachable(const OpcodeInfo&) -> Checked<void> {
    if (live_) {
        sink_->unreachable();
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_nop(const OpcodeInfo&) -> Checked<void> {
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_br(const OpcodeInfo&) -> Checked<void> {
    Frame* target = TRY(read_label());
    const auto values = TRY(pop_all(target->label_types()));
    if (live_) {
        sink_->br(target->label, values);
        branch_to(*target);
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_br_if(const OpcodeInfo&) -> Checked<void> {
    Frame* target = TRY(read_label());
    const Value condition = TRY(pop(ValueType::i32));
    const auto values = TRY(pop_all(target->label_types()));
    if (live_) {
        sink_->br_if(target->label, condition, values);
        branch_to(*target);
    }
    operands_.push_types(target->label_types());
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::read_branch_table() -> Checked<void> {
    const std::uint32_t count = TRY(read(reader_.u32()));
    if (count > reader_.remaining()) {
        return malformed("unexpected end: br_table has more targets than bytes follow");
    }
    if (count > kMaxBranchTableTargets) {
        return refuse(
            ModuleError::Kind::limit,
            "br_table has more than " + std::to_string(kMaxBranchTableTargets) + " targets");
    }
    branch_table_.clear();
    for (std::uint64_t i = 0; i <= count; ++i) {
        branch_table_.push_back(TRY(read_index("label", frames_.size())));
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_br_table(const OpcodeInfo&) -> Checked<void> {
    TRY(read_branch_table());
    const Value index = TRY(pop(ValueType::i32));
    const auto target = [&](std::uint32_t depth) -> Frame& {
        return frames_[frames_.size() - 1 - depth];
    };
    const std::span<const ValueType> types = target(branch_table_.back()).label_types();
    const ValueType* checked = nullptr;
    for (const std::uint32_t depth : branch_table_) {
        const std::span<const ValueType> label_types = target(depth).label_types();
        if (label_types.size() != types.size()) {
            return invalid(
                "type mismatch: the targets of br_table take different numbers of values");
        }
        // Neighbours are often the same label: this makes most of a table free.
        if (!label_types.empty() && label_types.data() != checked) {
            TRY(check_top(label_types));
            checked = label_types.data();
        }
    }
    TRY(charge(types.size() * branch_table_.size()));
    const auto values = TRY(pop_all(types));
    if (live_) {
        branch_labels_.clear();
        for (const std::uint32_t depth : branch_table_) {
            branch_to(target(depth));
            branch_labels_.push_back(&target(depth).label);
        }
        sink_->br_table(index, branch_labels_, values);
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_return_(const OpcodeInfo&) -> Checked<void> {
    Frame& function = frames_.front();
    const auto values = TRY(pop_all(function.signature.results));
    if (live_) {
        sink_->br(function.label, values);
        branch_to(function);
    }
    set_unreachable();
    return {};
}

}  // namespace wasmax::wasm
