#include "wasix/import_table.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/host_modules.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "wasix/dispatch.h"
#include "wasix/errnos.h"
#include "wasix/fused_entries.h"
#include "wasix/params.h"
#include "wasix/syscalls.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

#define WASIX_RESULTS(...) TypeList<__VA_ARGS__>
#define WASIX_ENTRY_full(address, module, name, results) \
    entry_of<SyscallId::module##_##name, &module::name, address>()
#define WASIX_ENTRY_partial WASIX_ENTRY_full
#define WASIX_STUB(address, module, name, results, error)                                 \
    address_of(&StubOf<SyscallId::module##_##name, error, address, WASIX_RESULTS results, \
                       decltype(module::name)>::call)
#define WASIX_ENTRY_nosys(address, module, name, results) \
    WASIX_STUB(address, module, name, results, Errno::nosys)
#define WASIX_ENTRY_notsup(address, module, name, results) \
    WASIX_STUB(address, module, name, results, Errno::notsup)
#define WASIX_FUNCTION(address, module, name, results, status)                  \
    SyscallFunction {                                                           \
        &function_type<address, WASIX_RESULTS results, decltype(module::name)>, \
            WASIX_ENTRY_##status(address, module, name, results)                \
    }

/// A function's address as the runtime takes it.
template <class Function>
const void* address_of(Function* function) {
    return std::bit_cast<const void*>(function);
}

const std::array<Syscall, kSyscallCount>& rows() {
    static const std::array<Syscall, kSyscallCount> table{{
#define SYSCALL(module, name, results, parameters, wait, status) \
    SYSCALL_AS(module, name, #name, results, parameters, wait, status)
#define SYSCALL_AS(module, name, import, results, parameters, wait, status) \
    Syscall{#module,                                                        \
            import,                                                         \
            #results,                                                       \
            #parameters,                                                    \
            Wait::wait,                                                     \
            Status::status,                                                 \
            WASIX_FUNCTION(std::uint32_t, module, name, results, status),   \
            WASIX_FUNCTION(std::uint64_t, module, name, results, status)},
#include "wasix/syscalls.def"
    }};
    return table;
}

/// Another name of a row.
struct Alias {
    std::string_view module;
    std::string_view name;
    SyscallId target;
};
constexpr std::array kAliases{
#define SYSCALL(module, name, results, parameters, wait, status)
#define ALIAS(module, name, to_module, to_name) \
    Alias{#module, name, SyscallId::to_module##_##to_name},
#include "wasix/syscalls.def"
};

/// `module` offers what `base` does, except the name `left_out`.
struct Inheritance {
    std::string_view module;
    std::string_view base;
    std::string_view left_out;
};
constexpr std::array kInheritances{
#define SYSCALL(module, name, results, parameters, wait, status)
#define INHERITS(module, base, left_out) Inheritance{#module, #base, left_out},
#include "wasix/syscalls.def"
};

/// Not written as a row: the names of wasix_32v1 with 64-bit addresses.
constexpr std::string_view kModule64 = "wasix_64v1";
constexpr std::string_view kModule32 = "wasix_32v1";

/// Every name of `module`.
std::vector<std::string_view> names_of(std::string_view module) {
    std::vector<std::string_view> names;
    for (const Syscall& row : rows()) {
        if (row.module == module) {
            names.push_back(row.name);
        }
    }
    for (const Alias& alias : kAliases) {
        if (alias.module == module) {
            names.push_back(alias.name);
        }
    }
    for (const Inheritance& inheritance : kInheritances) {
        if (inheritance.module == module) {
            for (const std::string_view name : names_of(inheritance.base)) {
                if (name != inheritance.left_out) {
                    names.push_back(name);
                }
            }
        }
    }
    return names;
}

std::string quoted(std::string_view module, std::string_view name) {
    return "\"" + std::string(module) + "\" \"" + std::string(name) + "\"";
}

Error unknown(std::string_view module, std::string_view name,
              std::span<const std::string_view> names) {
    std::string text = "unknown import " + quoted(module, name);
    if (const auto near = nearest(name, names)) {
        text += "; did you mean \"" + std::string(*near) + "\"?";
    }
    return Error::invalid(std::move(text));
}

}  // namespace

std::span<const Syscall> syscalls() { return rows(); }

const Syscall* find_syscall(std::string_view module, std::string_view name) {
    for (const Syscall& row : rows()) {
        if (row.module == module && row.name == name) {
            return &row;
        }
    }
    for (const Alias& alias : kAliases) {
        if (alias.module == module && alias.name == name) {
            return &rows()[static_cast<std::size_t>(alias.target)];
        }
    }
    for (const Inheritance& inheritance : kInheritances) {
        if (inheritance.module == module && inheritance.left_out != name) {
            return find_syscall(inheritance.base, name);
        }
    }
    return nullptr;
}

Result<runtime::HostFunction, Error> resolve_host_import(std::string_view module,
                                                         std::string_view name,
                                                         const wasm::FunctionType& type) {
    const bool is_64 = module == kModule64;
    const std::string_view table_module = is_64 ? kModule32 : module;
    const Syscall* row = find_syscall(table_module, name);
    if (row == nullptr) {
        const std::vector<std::string_view> names = names_of(table_module);
        return fail(unknown(module, name, names));
    }
    wasm::FunctionType wide = row->wide.type();
    if (wide == type) {
        return runtime::HostFunction{row->wide.entry, std::move(wide)};
    }
    wasm::FunctionType narrow = row->narrow.type();
    if (!is_64 && narrow == type) {
        return runtime::HostFunction{row->narrow.entry, std::move(narrow)};
    }
    return fail(Error::invalid("import " + quoted(module, name) + " has type " +
                               wasm::to_string(is_64 ? wide : narrow) + ", the module asks for " +
                               wasm::to_string(type)));
}

}  // namespace wasmax::wasix
