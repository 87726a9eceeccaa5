// docs/syscalls.md, from the rows.

#include <cstddef>
#include <string>
#include <string_view>

#include "abi/host_modules.h"
#include "wasix/import_table.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

std::string_view to_string(Status status) {
    switch (status) {
        case Status::full:
            return "full";
        case Status::partial:
            return "partial";
        case Status::nosys:
            return "stub: nosys";
        case Status::notsup:
            return "stub: notsup";
    }
    return "";
}

std::string_view to_string(Wait wait) {
    switch (wait) {
        case Wait::never:
            return "";
        case Wait::may_block:
            return "may block";
    }
    return "";
}

/// `(A, B)` as code, without its parentheses; nothing for `()`.
void append_list(std::string& page, std::string_view list) {
    if (list.size() > 2) {
        page += '`';
        page += list.substr(1, list.size() - 2);
        page += '`';
    }
    page += " | ";
}

void append_row(std::string& page, const Syscall& row) {
    page += "| `";
    page += row.name;
    page += "` | ";
    append_list(page, row.parameters);
    append_list(page, row.results);
    page += '`';
    page += wasm::to_string(row.narrow.type());
    page += "` | ";
    page += to_string(row.wait);
    page += " | ";
    page += to_string(row.status);
    page += " |\n";
}

}  // namespace

std::string syscalls_markdown() {
    std::string page =
        "# System calls\n\n"
        "<!-- Generated from src/wasix/syscalls.def by `wasmax syscalls --format=md`. -->\n\n"
        "What a guest can import. A call returns an errno, and each result goes through a pointer\n"
        "after the parameters, but for the results ProcessExit (the call does not return), "
        "Nothing,\n"
        "TidOrErrno (a thread id, or a negative errno) and ContextSwitch (an errno, when somebody "
        "switches\n"
        "back). A stub returns its errno.\n\n"
        "`wasix_32v1` also has every name of `wasi_snapshot_preview1`, where its `sock_accept` is\n"
        "`sock_accept_v2` and `thread_spawn` is `thread_spawn_v2`; `wasi_unstable` has those it\n"
        "does not list, except `sock_accept`; both and preview1 have `thread-spawn`, `wasix_32v1`\n"
        "has not. preview1 has the names of `wasix_32v1` that begin with `sock_`, and `resolve`:\n"
        "but for its own, with the types they have there. `wasix_64v1` has every name of\n"
        "`wasix_32v1`, for guests with 64-bit memories: addresses, lengths and sizes behind "
        "pointers\n"
        "are 64 bits wide. Such guests may import the names of the other modules so, too.\n";
    for (const std::string_view module : abi::kHostModules) {
        bool first = true;
        for (const Syscall& row : syscalls()) {
            if (row.module != module) {
                continue;
            }
            if (first) {
                page += "\n## " + std::string(module) + "\n\n";
                page += "| name | parameters | results | wasm type | | status |\n";
                page += "|---|---|---|---|---|---|\n";
                first = false;
            }
            append_row(page, row);
        }
    }
    return page;
}

}  // namespace wasmax::wasix
