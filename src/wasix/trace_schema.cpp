#include "wasix/trace_schema.h"

#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "trace/schema.h"
#include "trace/shared.h"
#include "wasix/contexts.h"
#include "wasix/dispatch.h"
#include "wasix/guest_types.h"
#include "wasix/import_table.h"
#include "wasix/params.h"
#include "wasix/syscalls.h"
#include "wasix/trace_params.h"

namespace wasmax::wasix {
namespace {

static_assert(kSyscallCount <= trace::kMaxCalls);

/// The last word of each parameter of `(Fd fd, GuestSpan<const Iovec> iovs)`.
std::vector<std::string> parameter_names(std::string_view parameters) {
    std::vector<std::string> names;
    std::string word;
    int depth = 0;
    for (const char c : parameters) {
        depth += c == '<' ? 1 : c == '>' ? -1 : 0;
        if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
            word += c;
        } else if ((c == ',' || c == ')') && depth == 0) {
            names.push_back(std::exchange(word, {}));
        } else {
            word.clear();
        }
    }
    return names;
}

/// What Entry does with the results of a row that do not go through pointers.
template <class Results>
struct Stored {
    using type = Results;
};
template <>
struct Stored<TypeList<ProcessExit>> {
    using type = TypeList<>;
};
template <>
struct Stored<TypeList<ContextSwitch>> {
    using type = TypeList<>;
};
template <>
struct Stored<TypeList<Nothing>> {
    using type = TypeList<>;
};
template <>
struct Stored<TypeList<TidOrErrno>> {
    using type = TypeList<>;
};

template <class Results, class Handler>
trace::CallSchema call_schema(SyscallId id) {
    const Syscall& row = syscalls()[static_cast<std::size_t>(id)];
    constexpr std::string_view kAccept = "sock_accept";
    return {std::string(row.module), std::string(row.name), row.wait == Wait::may_block,
            row.name.starts_with(kAccept),
            trace_fields(typename ParamsOf<Handler>::type{}, typename Stored<Results>::type{},
                         parameter_names(row.parameters))};
}

}  // namespace

trace::Schema trace_schema() {
    trace::Schema schema;
#define WASIX_RESULTS(...) TypeList<__VA_ARGS__>
#define SYSCALL(module, name, results, parameters, wait, status) \
    schema.calls.push_back(                                      \
        call_schema<WASIX_RESULTS results, decltype(module::name)>(SyscallId::module##_##name));
#include "wasix/syscalls.def"
#undef WASIX_RESULTS
#define ERRNO(number, name, host) schema.errors.emplace_back(number, #name);
#define HOST_ERRNO(host, name)
#include "wasix/errnos.def"
    return schema;
}

}  // namespace wasmax::wasix
