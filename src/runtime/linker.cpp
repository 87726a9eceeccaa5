#include "runtime/impl/linker.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "abi/host_modules.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/instance.h"
#include "runtime/memory.h"
#include "runtime/store.h"
#include "runtime/table.h"
#include "runtime/tag.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

std::string describe(const wasm::FunctionType& type) {
    return "(func " + wasm::to_string(type) + ")";
}

std::string describe(const wasm::Limits& limits) {
    std::string text = std::to_string(limits.minimum);
    if (limits.maximum.has_value()) {
        text += " " + std::to_string(*limits.maximum);
    }
    return text;
}

const char* describe(wasm::AddressType type) {
    return type == wasm::AddressType::i64 ? "i64 " : "";
}

std::string describe(const wasm::TableType& type) {
    return std::string("(table ") + describe(type.address) + describe(type.limits) + " " +
           wasm::to_string(type.element) + ")";
}

std::string describe(const wasm::MemoryType& type) {
    return std::string("(memory ") + describe(type.address) + describe(type.limits) +
           (type.shared ? " shared)" : ")");
}

std::string describe(const wasm::GlobalType& type) {
    const std::string value = wasm::to_string(type.value);
    return type.is_mutable ? "(global (mut " + value + "))" : "(global " + value + ")";
}

/// wasm: match-limits
bool matches(const wasm::Limits& actual, const wasm::Limits& expected) {
    return actual.minimum >= expected.minimum &&
           (!expected.maximum.has_value() ||
            (actual.maximum.has_value() && *actual.maximum <= *expected.maximum));
}

/// A value type and the id of the defined type it refers to, if it does.
struct StoreType {
    wasm::ValueType type;
    abi::TypeId referent;
};

/// wasm: match-valtype
bool is_subtype(StoreType actual, StoreType expected) {
    if (actual.type.is_defined() && expected.type.is_defined()) {
        return actual.referent == expected.referent &&
               (expected.type.is_nullable() || !actual.type.is_nullable());
    }
    return wasm::is_subtype(actual.type, expected.type);
}

bool equal(StoreType one, StoreType other) {
    return is_subtype(one, other) && is_subtype(other, one);
}

bool matches(const wasm::MemoryType& actual, const wasm::MemoryType& expected) {
    return matches(actual.limits, expected.limits) && actual.shared == expected.shared &&
           actual.address == expected.address;
}

// The type of a table or memory as others see it: the minimum is the current size.
wasm::TableType current_type(const Table& table) {
    wasm::TableType type = table.type();
    type.limits.minimum = table.count();
    return type;
}

wasm::MemoryType current_type(const Memory& memory) {
    wasm::MemoryType type = memory.type();
    type.limits.minimum = memory.pages().count;
    return type;
}

std::string describe_tag(const wasm::FunctionType& type) {
    return "(tag " + wasm::to_string(type) + ")";
}

std::string describe(const Extern& external) {
    return std::visit(
        []<class T>(const T& value) {
            if constexpr (std::is_same_v<T, Function>) {
                return describe(*value.type);
            } else if constexpr (std::is_same_v<T, HostFunction>) {
                return describe(value.type);
            } else if constexpr (std::is_same_v<T, Global*>) {
                return describe(value->type());
            } else if constexpr (std::is_same_v<T, Tag*>) {
                return describe_tag(value->type());
            } else {
                return describe(current_type(*value));
            }
        },
        external);
}

/// Checks one import against what it is given, by kind.
class ImportBinder {
public:
    /// `type_ids` are those of the module's types.
    ImportBinder(Store& store, const wasm::Module& module, std::span<const abi::TypeId> type_ids,
                 const wasm::Import& import, const Extern& given)
        : store_(store), module_(module), type_ids_(type_ids), import_(import), given_(given) {}

    Result<Extern, InstantiateError> bind() {
        return std::visit([this](const auto& expected) { return bind_to(expected); }, import_.type);
    }

private:
    using Bound = Result<Extern, InstantiateError>;

    Bound bind_to(wasm::TypeIndex index) {
        const wasm::FunctionType& expected = module_.type(index);
        const bool from_host = abi::is_host_function(import_);
        if (const auto* function = std::get_if<Function>(&given_)) {
            // Compiled code passes its own context to functions of host modules.
            return !from_host && function->ref->type == type_ids_[index.value]
                       ? Bound(given_)
                       : incompatible(describe(expected));
        }
        const auto* host = std::get_if<HostFunction>(&given_);
        if (host == nullptr || host->type != expected ||
            module_.type_groups[index.value].count != 1) {
            return incompatible(describe(expected));
        }
        if (from_host) {
            return given_;
        }
        auto native = store_.native_function(*host);
        if (!native.has_value()) {
            return fail(InstantiateError(std::move(native).error()));
        }
        return Extern(*native);
    }

    Bound bind_to(const wasm::TableType& expected) {
        auto* const* table = std::get_if<Table*>(&given_);
        return table != nullptr &&
                       runtime::matches(current_type(**table).limits, expected.limits) &&
                       (*table)->type().address == expected.address &&
                       equal({(*table)->type().element, (*table)->referent()},
                             store_type(expected.element))
                   ? Bound(given_)
                   : incompatible(describe(expected));
    }

    Bound bind_to(const wasm::MemoryType& expected) {
        auto* const* memory = std::get_if<Memory*>(&given_);
        return memory != nullptr && runtime::matches(current_type(**memory), expected)
                   ? Bound(given_)
                   : incompatible(describe(expected));
    }

    Bound bind_to(const wasm::GlobalType& expected) {
        auto* const* global = std::get_if<Global*>(&given_);
        return global != nullptr && matches(**global, expected) ? Bound(given_)
                                                                : incompatible(describe(expected));
    }

    [[nodiscard]] StoreType store_type(wasm::ValueType type) const {
        return {type, type.is_defined() ? type_ids_[type.type_index().value] : abi::TypeId{}};
    }

    /// wasm: match-globaltype
    [[nodiscard]] bool matches(const Global& actual, const wasm::GlobalType& expected) const {
        const StoreType given{actual.type().value, actual.referent()};
        const StoreType wanted = store_type(expected.value);
        return actual.type().is_mutable == expected.is_mutable &&
               (expected.is_mutable ? equal(given, wanted) : is_subtype(given, wanted));
    }

    Bound bind_to(const wasm::TagType& type) {
        const wasm::FunctionType& expected = module_.type(type.type);
        auto* const* tag = std::get_if<Tag*>(&given_);
        return tag != nullptr && (*tag)->type_id() == type_ids_[type.type.value]
                   ? Bound(given_)
                   : incompatible(describe_tag(expected));
    }

    Bound incompatible(std::string expected) {
        return fail(InstantiateError(LinkError{.kind = LinkError::Kind::incompatible_import,
                                               .module = std::string(import_.module),
                                               .name = std::string(import_.name),
                                               .expected = std::move(expected),
                                               .actual = describe(given_)}));
    }

    Store& store_;
    const wasm::Module& module_;
    const std::span<const abi::TypeId> type_ids_;
    const wasm::Import& import_;
    const Extern& given_;
};

std::string describe(const wasm::Module& module, const wasm::ExternType& type) {
    return std::visit(
        [&module]<class T>(const T& value) -> std::string {
            if constexpr (std::is_same_v<T, wasm::TypeIndex>) {
                return describe(module.type(value));
            } else if constexpr (std::is_same_v<T, wasm::TagType>) {
                return describe_tag(module.type(value.type));
            } else {
                return describe(value);
            }
        },
        type);
}

}  // namespace

Result<std::vector<Extern>, InstantiateError> link(Store& store, const wasm::Module& module,
                                                   Imports imports) {
    WASMAX_ASSERT(imports.size() == module.imports.size());
    std::vector<Extern> bound;
    bound.reserve(imports.size());
    auto type_ids = store.type_ids(module);
    if (!type_ids.has_value()) {
        return fail(InstantiateError(std::move(type_ids).error()));
    }
    for (std::size_t index = 0; index < imports.size(); ++index) {
        const wasm::Import& import = module.imports[index];
        const std::optional<Extern>& given = imports[index];
        if (!given.has_value()) {
            return fail(InstantiateError(LinkError{.kind = LinkError::Kind::unknown_import,
                                                   .module = std::string(import.module),
                                                   .name = std::string(import.name),
                                                   .expected = describe(module, import.type),
                                                   .actual = {}}));
        }
        bound.push_back(TRY(ImportBinder(store, module, *type_ids, import, *given).bind()));
    }
    return bound;
}

std::string to_string(const LinkError& error) {
    const std::string import = "\"" + error.module + "\" \"" + error.name + "\"";
    switch (error.kind) {
        case LinkError::Kind::unknown_import:
            return "unknown import " + import + ": expected " + error.expected;
        case LinkError::Kind::incompatible_import:
            return "incompatible import type for " + import + ": expected " + error.expected +
                   ", found " + error.actual;
    }
    __builtin_unreachable();
}

}  // namespace wasmax::runtime
