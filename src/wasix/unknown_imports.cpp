#include "wasix/unknown_imports.h"

#include <array>
#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/thread.h"
#include "wasix/process.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

void report(const abi::VmContext& context, std::size_t index) {
    Process& process = static_cast<Thread*>(context.thread->host)->process;
    process.report_unknown_import(index);
}

/// An entry knows its number only by being another function: no code is made at run time.
template <std::size_t index>
void entry(abi::VmContext* context) noexcept {
    report(*context, index);
    runtime::raise_trap(*context->thread, abi::TrapCode::unreachable);
}

using Entry = void (*)(abi::VmContext*) noexcept;

constexpr auto kEntries = []<std::size_t... index>(std::index_sequence<index...>) {
    return std::array<Entry, sizeof...(index)>{&entry<index>...};
}(std::make_index_sequence<UnknownImports::kMax>{});

}  // namespace

Result<const void*, Error> UnknownImports::add(std::string_view module, std::string_view name) {
    if (names_.size() == kMax) {
        return fail(Error::limit("more than " + std::to_string(kMax) + " unknown imports"));
    }
    names_.push_back("\"" + std::string(module) + "\" \"" + std::string(name) + "\"");
    return std::bit_cast<const void*>(kEntries[names_.size() - 1]);
}

}  // namespace wasmax::wasix
