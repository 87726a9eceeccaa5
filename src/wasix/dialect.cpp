#include "wasix/dialect.h"

#include <algorithm>
#include <string_view>

#include "runtime/instance.h"
#include "wasix/thread.h"
#include "wasm/module.h"

namespace wasmax::wasix {

bool is_plain_wasi(const Caller& caller) {
    if (caller.context.instance == nullptr) {
        return false;
    }
    const auto& imports = caller.context.instance->module().imports;
    return std::ranges::none_of(imports, [](const wasm::Import& import) {
        return std::string_view(import.module).starts_with("wasix_");
    });
}

}  // namespace wasmax::wasix
