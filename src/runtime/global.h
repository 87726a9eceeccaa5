#pragma once

#include <memory>

#include "abi/vm_context.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::runtime {

/// A global: a type and a cell of 16 bytes, its own or one inside an instance's VmContext.
/// Threads: those of the instance, which is one.
class Global {
public:
    /// With a cell of its own: for embedders.
    Global(const wasm::GlobalType& type, Value initial)
        : type_(type), own_(std::make_unique<Value>(initial)), cell_(own_.get()) {}
    /// Which global of which module, by the module's number (FuncRef::module); 0 is the host's.
    struct Origin {
        std::uint32_t module = 0;
        wasm::GlobalIndex index;
    };
    /// Of an instance. `cell` outlives the global.
    Global(const wasm::GlobalType& type, Value* cell, Origin origin)
        : type_(type), cell_(cell), origin_(origin) {}

    [[nodiscard]] const wasm::GlobalType& type() const { return type_; }
    /// The id of the defined type that type().value refers to, likewise only meant for others.
    [[nodiscard]] abi::TypeId referent() const { return referent_; }
    void set_referent(abi::TypeId referent) { referent_ = referent; }
    [[nodiscard]] Value* cell() { return cell_; }
    [[nodiscard]] Origin origin() const { return origin_; }
    [[nodiscard]] Value get() const { return *cell_; }
    /// Only for mutable globals, with a value of their type.
    void set(Value value) { *cell_ = value; }

private:
    wasm::GlobalType type_;
    abi::TypeId referent_ = 0;
    std::unique_ptr<Value> own_;
    Value* cell_;
    Origin origin_{};
};

}  // namespace wasmax::runtime
