#include "abi/calling_convention.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "wasm/types.h"

namespace wasmax::abi {
namespace {

using Kind = ValueLocation::Kind;

Kind register_class(wasm::ValueType type) {
    switch (type.kind()) {
        case wasm::ValueType::Kind::f32:
        case wasm::ValueType::Kind::f64:
        case wasm::ValueType::Kind::v128:
            return Kind::xmm;
        case wasm::ValueType::Kind::bottom:
        case wasm::ValueType::Kind::i32:
        case wasm::ValueType::Kind::i64:
        case wasm::ValueType::Kind::ref:
            break;
    }
    return Kind::gpr;
}

}  // namespace

std::vector<ValueLocation> parameter_locations(const wasm::FunctionType& type) {
    std::vector<ValueLocation> locations;
    locations.reserve(type.parameters.size());
    std::uint16_t gprs = 0;
    std::uint16_t xmms = 0;
    std::uint16_t slots = 0;
    for (const wasm::ValueType value : type.parameters) {
        if (register_class(value) == Kind::xmm) {
            locations.push_back(xmms < kParameterXmms ? ValueLocation{Kind::xmm, xmms++}
                                                      : ValueLocation{Kind::spill, slots++});
        } else {
            locations.push_back(gprs < kParameterGprs ? ValueLocation{Kind::gpr, gprs++}
                                                      : ValueLocation{Kind::spill, slots++});
        }
    }
    return locations;
}

std::vector<ValueLocation> result_locations(const wasm::FunctionType& type) {
    std::vector<ValueLocation> locations;
    locations.reserve(type.results.size());
    std::uint16_t gprs = 0;
    std::uint16_t xmms = 0;
    for (const wasm::ValueType value : type.results) {
        const Kind kind = register_class(value);
        locations.push_back({kind, kind == Kind::xmm ? xmms++ : gprs++});
    }
    if (gprs > kResultGprs || xmms > kResultXmms) {
        for (std::size_t slot = 0; slot < locations.size(); ++slot) {
            locations[slot] = {Kind::spill, static_cast<std::uint16_t>(slot)};
        }
    }
    return locations;
}

}  // namespace wasmax::abi
