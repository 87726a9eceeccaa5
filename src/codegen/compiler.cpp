#include "codegen/compiler.h"

#include <cstddef>
#include <utility>
#include <vector>

#include "base/result.h"
#include "codegen/impl/artifact_writer.h"
#include "codegen/impl/object.h"
#include "codegen/impl/plan.h"
#include "codegen/impl/workers.h"
#include "wasm/module.h"

namespace wasmax::codegen {

Result<std::vector<std::byte>, CompileError> compile(const wasm::Module& module,
                                                     const CompileOptions& options) {
    auto plan = Plan::create(module, options);
    if (!plan) {
        return fail(CompileError(std::move(plan).error()));
    }
    const std::vector<Object> objects = TRY(compile_partitions(*plan));
    auto artifact = write_artifact(*plan, objects);
    if (!artifact) {
        return fail(CompileError(std::move(artifact).error()));
    }
    return std::move(*artifact);
}

}  // namespace wasmax::codegen
