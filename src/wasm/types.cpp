#include "wasm/types.h"

#include <string>
#include <vector>

namespace wasmax::wasm {
namespace {

std::string heap_type(ValueType type) {
    switch (type.heap()) {
        case HeapKind::func:
            return "func";
        case HeapKind::extern_:
            return "extern";
        case HeapKind::exn:
            return "exn";
        case HeapKind::defined:
            return std::to_string(type.type_index().value);
    }
    __builtin_unreachable();
}

std::string type_list(const std::vector<ValueType>& types) {
    std::string text = "(";
    for (const ValueType type : types) {
        text += (text.size() > 1 ? ", " : "") + to_string(type);
    }
    return text + ")";
}

}  // namespace

std::string to_string(ValueType type) {
    switch (type.kind()) {
        case ValueType::Kind::bottom:
            return "any type";
        case ValueType::Kind::i32:
            return "i32";
        case ValueType::Kind::i64:
            return "i64";
        case ValueType::Kind::f32:
            return "f32";
        case ValueType::Kind::f64:
            return "f64";
        case ValueType::Kind::v128:
            return "v128";
        case ValueType::Kind::ref:
            break;
    }
    if (type.is_nullable() && type.heap() != HeapKind::defined) {
        return heap_type(type) + "ref";
    }
    return (type.is_nullable() ? "(ref null " : "(ref ") + heap_type(type) + ")";
}

std::string to_string(const FunctionType& type) {
    return type_list(type.parameters) + " -> " + type_list(type.results);
}

const char* to_string(Feature feature) {
    switch (feature) {
        case Feature::mvp:
            return "mvp";
        case Feature::sign_extension:
            return "sign-extension";
        case Feature::saturating_float_to_int:
            return "saturating-float-to-int";
        case Feature::multi_value:
            return "multi-value";
        case Feature::bulk_memory:
            return "bulk-memory";
        case Feature::reference_types:
            return "reference-types";
        case Feature::simd:
            return "simd";
        case Feature::relaxed_simd:
            return "relaxed-simd";
        case Feature::threads:
            return "threads";
        case Feature::tail_call:
            return "tail-call";
        case Feature::exceptions:
            return "exceptions";
        case Feature::legacy_exceptions:
            return "legacy-exceptions";
        case Feature::extended_const:
            return "extended-const";
        case Feature::multi_memory:
            return "multi-memory";
        case Feature::memory64:
            return "memory64";
        case Feature::function_references:
            return "function-references";
    }
    __builtin_unreachable();
}

}  // namespace wasmax::wasm
