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
        case HeapKind::any:
            return "any";
        case HeapKind::nofunc:
            return "nofunc";
        case HeapKind::noextern:
            return "noextern";
        case HeapKind::noexn:
            return "noexn";
        case HeapKind::none:
            return "none";
        case HeapKind::defined:
            return std::to_string(type.type_index().value);
        case HeapKind::bottom:
            return "any type";
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
    switch (type.is_nullable() ? type.heap() : HeapKind::bottom) {
        case HeapKind::func:
        case HeapKind::extern_:
        case HeapKind::exn:
        case HeapKind::any:
            return heap_type(type) + "ref";
        case HeapKind::nofunc:
        case HeapKind::noextern:
        case HeapKind::noexn:
            return "null" + heap_type(type).substr(2) + "ref";  // nullfuncref
        case HeapKind::none:
            return "nullref";
        case HeapKind::defined:
        case HeapKind::bottom:
            break;
    }
    return (type.is_nullable() ? "(ref null " : "(ref ") + heap_type(type) + ")";
}

std::string to_string(const FunctionType& type) {
    return type_list(type.parameters) + " -> " + type_list(type.results);
}

std::vector<Feature> switchable_features() {
    std::vector<Feature> features;
    for (const Feature feature : {
#define FEATURE(name, text, availability, needs) Feature::name,
#include "wasm/features.def"
         }) {
        if (feature != Feature::mvp && Features::supported().has(feature)) {
            features.push_back(feature);
        }
    }
    return features;
}

void Features::switch_off(Feature feature) {
    disable(feature);
#define FEATURE(name, text, availability, needs)                      \
    if (Feature::needs == feature && Feature::name != Feature::mvp) { \
        disable(Feature::name);                                       \
    }
#include "wasm/features.def"
}

const char* to_string(Feature feature) {
    switch (feature) {
#define FEATURE(name, text, availability, needs) \
    case Feature::name:                          \
        return text;
#include "wasm/features.def"
    }
    __builtin_unreachable();
}

}  // namespace wasmax::wasm
