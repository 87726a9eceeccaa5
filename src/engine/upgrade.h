#pragma once

#include <string>

#include "codegen/compiler.h"
#include "engine/cache.h"
#include "engine/digest.h"

namespace wasmax::engine {

/// An artifact that a later run will want.
struct Upgrade {
    std::string path;  ///< of the module's file
    Digest module{};   ///< of what is in it now
    codegen::CompileOptions options;
};

/// Compiles a module into `cache` in a process of its own, which goes on when this one ends: with
/// the lowest priority, on one thread, for a bounded time, and with no descriptor of this process.
/// At most one such process works on a cache; this does nothing while one does, when the artifact
/// is there, or when it was tried before in vain. Nothing here fails. Threads: the calling process
/// must be single-threaded. docs/artifact.md
void upgrade_in_background(const Cache& cache, const Upgrade& upgrade);

}  // namespace wasmax::engine
