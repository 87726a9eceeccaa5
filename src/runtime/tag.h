#pragma once

#include <string>
#include <utility>

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
    /// `name` is for messages.
    Tag(wasm::FunctionType type, std::string name)
        : type_(std::move(type)), name_(std::move(name)) {}
    Tag(const Tag&) = delete;
    Tag& operator=(const Tag&) = delete;
    ~Tag() = default;

    /// Its parameters are the payload; it has no results.
    [[nodiscard]] const wasm::FunctionType& type() const { return type_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    const wasm::FunctionType type_;
    const std::string name_;
};

}  // namespace wasmax::runtime
