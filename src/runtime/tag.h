#pragma once

#include <string>
#include <utility>

#include "abi/vm_context.h"
#include "wasm/types.h"

namespace wasmax::abi {

/// Of compiled code's point of view a tag is its address (abi/exception.h).
struct TagIdentity {};

}  // namespace wasmax::abi

namespace wasmax::runtime {

/// A tag of a store: what exceptions are told apart by. Immutable. Threads: any.
/// wasm: syntax-taginst
class Tag : public abi::TagIdentity {
public:
    /// `type_id` is the store's for `type`. `name` is for messages.
    Tag(wasm::FunctionType type, abi::TypeId type_id, std::string name)
        : type_(std::move(type)), type_id_(type_id), name_(std::move(name)) {}
    Tag(const Tag&) = delete;
    Tag& operator=(const Tag&) = delete;
    ~Tag() = default;

    /// Its parameters are the payload; it has no results.
    [[nodiscard]] const wasm::FunctionType& type() const { return type_; }
    [[nodiscard]] abi::TypeId type_id() const { return type_id_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    const wasm::FunctionType type_;
    const abi::TypeId type_id_;
    const std::string name_;
};

}  // namespace wasmax::runtime
