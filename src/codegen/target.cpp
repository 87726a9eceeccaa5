#include "codegen/impl/target.h"

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include <llvm/ADT/StringMap.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Target/TargetOptions.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"

namespace wasmax::codegen {
namespace {

const llvm::Triple& triple() {
    static const llvm::Triple value("x86_64-unknown-linux-gnu");
    return value;
}

/// LLVM's options are process-wide and must be set before anything is compiled.
void initialize_llvm() {
    static std::once_flag once;
    std::call_once(once, [] {
        LLVMInitializeX86TargetInfo();
        LLVMInitializeX86Target();
        LLVMInitializeX86TargetMC();
        LLVMInitializeX86AsmPrinter();
        constexpr std::array kArguments{
            "wasmax",
            // 5 % of compile time, no effect on the code's speed.
            "-disable-post-ra",
            // Of two merged accesses one place in the wasm module is better than none.
            "-pick-merged-source-locations",
            // Compilers to wasm let loops count from -n to 0, where 32 bits wrap. Widened to 64,
            // such a counter ends by a mask, and the vectorizer no longer knows how often it runs.
            "-indvars-widen-indvars=false",
        };
        llvm::cl::ParseCommandLineOptions(static_cast<int>(kArguments.size()), kArguments.data());
    });
}

const llvm::Target& x86_target() {
    std::string message;
    const llvm::Target* target = llvm::TargetRegistry::lookupTarget(triple(), message);
    WASMAX_ASSERT(target != nullptr);  // linked in, and initialized above
    return *target;
}

std::string host_features() {
    // Sorted, because the order of a StringMap may differ between runs and the artifact may not.
    std::map<std::string, bool> sorted;
    for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
        sorted.emplace(feature.getKey().str(), feature.getValue());
    }
    std::string text;
    for (const auto& [name, present] : sorted) {
        text += text.empty() ? "" : ",";
        text += present ? '+' : '-';
        text += name;
    }
    return text;
}

}  // namespace

Result<Target, Error> Target::create(std::string_view cpu) {
    initialize_llvm();
    Target target;
    if (cpu.empty()) {
        target.cpu_ = llvm::sys::getHostCPUName().str();
        target.features_ = host_features();
    } else {
        target.cpu_ = cpu;
    }
    // Asked of a CPU that exists, because LLVM prints about one that does not.
    const std::unique_ptr<llvm::MCSubtargetInfo> any(
        x86_target().createMCSubtargetInfo(triple(), "x86-64-v2", ""));
    if (!any->isCPUStringValid(target.cpu_)) {
        return fail(Error::unsupported("unknown CPU `" + target.cpu_ + "`"));
    }
    // What x86-64-v2 adds, as far as generated code relies on it.
    const auto machine = target.create_machine();
    if (!machine->getMCSubtargetInfo()->checkFeatures("+sse4.2,+popcnt,+ssse3,+cx16")) {
        return fail(Error::unsupported("the CPU `" + target.cpu_ + "` lacks x86-64-v2"));
    }
    return target;
}

std::unique_ptr<llvm::TargetMachine> Target::create_machine() const {
    llvm::TargetOptions options;
    std::unique_ptr<llvm::TargetMachine> machine(
        x86_target().createTargetMachine(triple(), cpu_, features_, options, llvm::Reloc::PIC_,
                                         llvm::CodeModel::Small, llvm::CodeGenOptLevel::Less));
    WASMAX_ASSERT(machine != nullptr);
    machine->setO0WantsFastISel(true);
    return machine;
}

}  // namespace wasmax::codegen
