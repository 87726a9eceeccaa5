#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::wasix {

/// What becomes of a module that imports functions nobody has: it is not run, or it runs and traps
/// where it calls one.
enum class OnUnknownImport : std::uint8_t { refuse, trap };

/// The functions that a process imports and nobody has. Calling one tells the embedder its name,
/// and traps. Threads: add() before the guest runs, else any.
class UnknownImports {
public:
    static constexpr std::size_t kMax = 1024;

    /// A native entry for any type (runtime::HostFunction::returns is false), which needs this.
    /// Errors: limit (more than kMax).
    [[nodiscard]] Result<const void*, Error> add(std::string_view module, std::string_view name);

    /// `"module" "name"` of the import number `index`, in the order of add().
    [[nodiscard]] const std::string& name(std::size_t index) const { return names_[index]; }

private:
    std::vector<std::string> names_;
};

}  // namespace wasmax::wasix
