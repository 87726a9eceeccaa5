#pragma once

// FunctionDecoder: exceptions, in both encodings. wasm: valid-instr-control; for `try` the legacy
// exception handling proposal

#include "wasm/impl/function_decoder_impl.h"

namespace wasmax::wasm {

template <class Sink>
auto FunctionDecoder<Sink>::read_tag() -> Checked<TagIndex> {
    return TagIndex{TRY(read_index("tag", module_.tag_types.size()))};
}

/// wasm: valid-catch
template <class Sink>
auto FunctionDecoder<Sink>::check_clause_types(const CatchClause<Label>& clause,
                                               std::span<const ValueType> label_types)
    -> Checked<void> {
    const auto payload = clause.has_tag() ? payload_of(clause.tag) : std::span<const ValueType>();
    const std::size_t count = payload.size() + (clause.has_reference() ? 1 : 0);
    if (label_types.size() != count) {
        return invalid("type mismatch: a catch clause has " + std::to_string(count) +
                       " values, its label takes " + std::to_string(label_types.size()));
    }
    for (std::size_t index = 0; index < payload.size(); ++index) {
        if (!matches(payload[index], label_types[index])) {
            return mismatch(label_types[index], payload[index]);
        }
    }
    const ValueType reference = ValueType::exnref.non_null();
    if (clause.has_reference() && !matches(reference, label_types.back())) {
        return mismatch(label_types.back(), reference);
    }
    return {};
}

/// Labels are those outside of the try_table. wasm: binary-catch
template <class Sink>
auto FunctionDecoder<Sink>::read_catch_clause() -> Checked<CatchClause<Label>> {
    const std::uint8_t kind = TRY(read(reader_.byte()));
    if (kind > static_cast<std::uint8_t>(CatchKind::catch_all_ref)) {
        return malformed("malformed catch clause");
    }
    CatchClause<Label> clause{.kind = static_cast<CatchKind>(kind), .tag = {}, .label = nullptr};
    if (clause.has_tag()) {
        clause.tag = TRY(read_tag());
    }
    Frame* const target = TRY(read_label());
    TRY(check_clause_types(clause, target->label_types()));
    if (live_) {
        branch_to(*target);
        clause.label = &target->label;
    }
    return clause;
}

template <class Sink>
auto FunctionDecoder<Sink>::read_catch_clauses() -> Checked<void> {
    const std::uint32_t count = TRY(read(reader_.u32()));
    if (count > reader_.remaining()) {
        return malformed("unexpected end: try_table has more clauses than bytes follow");
    }
    clauses_.clear();
    for (std::uint32_t index = 0; index < count; ++index) {
        clauses_.push_back(TRY(read_catch_clause()));
    }
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_try_table(const OpcodeInfo&) -> Checked<void> {
    return enter_block(FrameKind::try_table);
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_try_(const OpcodeInfo&) -> Checked<void> {
    return enter_block(FrameKind::try_);
}

template <class Sink>
void FunctionDecoder<Sink>::begin_catch(FrameKind kind, std::span<const ValueType> types,
                                        std::span<const Value> payload) {
    operands_.push_all(types, payload);
    leave_initializations();
    Frame& clause = frame();
    clause.end_reached |= live_;
    clause.kind = kind;
    clause.handler = frames_[frames_.size() - 2].handler;
    clause.polymorphic = false;
    live_ = clause.entered_live;
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_catch_(const OpcodeInfo&) -> Checked<void> {
    if (frame().kind != FrameKind::try_ && frame().kind != FrameKind::catch_) {
        return malformed("misplaced catch");
    }
    const TagIndex tag = TRY(read_tag());
    const std::span<const Value> results = TRY(pop_results());
    const std::span<const ValueType> types = payload_of(tag);
    const auto payload = scratch(types.size());
    TRY(charge(types.size()));
    if (frame().entered_live) {
        revive_at_instruction();
        sink_->catch_(frame().label, live_, results, tag, payload);
    }
    begin_catch(FrameKind::catch_, types, payload);
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_catch_all(const OpcodeInfo&) -> Checked<void> {
    if (frame().kind != FrameKind::try_ && frame().kind != FrameKind::catch_) {
        return malformed("misplaced catch_all");
    }
    const std::span<const Value> results = TRY(pop_results());
    if (frame().entered_live) {
        revive_at_instruction();
        sink_->catch_all(frame().label, live_, results);
    }
    begin_catch(FrameKind::catch_all, {}, {});
    return {};
}

/// Ends the `try`; its label is one outside.
template <class Sink>
auto FunctionDecoder<Sink>::decode_delegate(const OpcodeInfo&) -> Checked<void> {
    if (frame().kind != FrameKind::try_) {
        return malformed("misplaced delegate");
    }
    const std::uint32_t depth = TRY(read_index("label", frames_.size() - 1));
    const std::span<const Value> results = TRY(pop_results());
    leave_initializations();
    const std::size_t handler = frames_[frames_.size() - 2 - depth].handler;
    Label* const target = handler == 0 ? nullptr : &frames_[handler - 1].label;
    const Frame& ended = frame();
    const std::span<const ValueType> types = ended.signature.results;
    const auto merged = scratch(types.size());
    if (ended.entered_live) {
        revive_at_instruction();
        sink_->delegate(frame().label, target);
    }
    const bool end_live = live_ || ended.end_reached;
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
auto FunctionDecoder<Sink>::decode_throw_(const OpcodeInfo&) -> Checked<void> {
    const TagIndex tag = TRY(read_tag());
    const FunctionType& type = module_.type(module_.tag_types[tag.value].type);
    const auto payload = TRY(pop_all(type.parameters));
    TRY(charge(payload.size()));
    if (live_) {
        sink_->throw_(tag, type, payload);
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_throw_ref(const OpcodeInfo&) -> Checked<void> {
    const Value exception = TRY(pop(ValueType::exnref));
    if (live_) {
        sink_->throw_ref(exception);
    }
    set_unreachable();
    return {};
}

template <class Sink>
auto FunctionDecoder<Sink>::decode_rethrow(const OpcodeInfo&) -> Checked<void> {
    Frame* const target = TRY(read_label());
    if (target->kind != FrameKind::catch_ && target->kind != FrameKind::catch_all) {
        return invalid("invalid rethrow label: not a catch block");
    }
    if (live_) {
        sink_->rethrow(target->label);
    }
    set_unreachable();
    return {};
}

}  // namespace wasmax::wasm
