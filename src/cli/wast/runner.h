#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/error.h"
#include "base/result.h"
#include "cli/wast/script.h"
#include "cli/wast/spectest.h"
#include "codegen/compiler.h"
#include "engine/compiler.h"
#include "runtime/artifact.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "runtime/value.h"

namespace wasmax::cli::wast {

/// What became of a script's assertions. A command that is no assertion counts only if it fails.
struct Report {
    std::size_t passed = 0;
    std::size_t failed = 0;
    std::size_t skipped = 0;            ///< about the text format only, or unsupported
    std::size_t unsupported = 0;        ///< of those skipped: what needs a module that uses GC
    std::vector<std::string> failures;  ///< `line 12: assert_return: ...`, one per failure
};

/// Runs the commands of one script in a store of their own.
class Runner {
public:
    /// `compiler` and `script` outlive the runner. Errors: host.
    [[nodiscard]] static Result<std::unique_ptr<Runner>, Error> create(
        const engine::Compiler& compiler, const codegen::CompileOptions& options,
        const Script& script);

    [[nodiscard]] Report run();
    ~Runner();
    Runner(const Runner&) = delete;
    Runner& operator=(const Runner&) = delete;

private:
    /// What an action came to: values with their types, a trap, or why it could not be done.
    struct Values {
        std::vector<wasm::ValueType> types;
        std::vector<runtime::Value> values;
    };
    using ActionOutcome = std::variant<Values, runtime::Trap, std::string>;
    using Command = nlohmann::json;
    /// Empty when the command did as it should, else what went wrong.
    using Verdict = std::string;
    /// The verdict on a module that uses a proposal wasmax does not have.
    static constexpr const char* kUnsupported = "unsupported";
    struct Skipped {};
    using Handler = std::variant<Skipped, Verdict (Runner::*)(const Command&)>;

    /// Commands that run on a host thread of their own. The JSON form of the threads proposal's
    /// `thread` and `wait`.
    struct Thread;

    Runner(const engine::Compiler& compiler, const codegen::CompileOptions& options,
           const Script& script, std::shared_ptr<runtime::Store> store);

    static const std::map<std::string, Handler, std::less<>>& handlers();
    /// Whether the command needs an instance of a module that uses a proposal wasmax does not have.
    [[nodiscard]] bool needs_unsupported(const Command& command) const;
    void execute_all(const Command& commands, Report& report);
    void execute(const Command& command, Report& report);
    void run_in_thread(const Command& command, runtime::Instance* shared, Report& report);

    Verdict thread(const Command& command);
    Verdict wait(const Command& command);
    /// The instance of that name, the current one if it is empty; nullptr if there is none.
    [[nodiscard]] runtime::Instance* instance_of(std::string_view name) const;

    Verdict module(const Command& command);
    Verdict module_definition(const Command& command);
    Verdict module_instance(const Command& command);
    Verdict register_(const Command& command);
    Verdict action(const Command& command);
    Verdict assert_return(const Command& command);
    Verdict assert_trap(const Command& command);
    Verdict assert_exception(const Command& command);
    Verdict assert_refused(const Command& command);
    Verdict assert_unlinkable(const Command& command);
    Verdict assert_uninstantiable(const Command& command);

    using Artifact = std::shared_ptr<const runtime::Artifact>;
    Result<Artifact, Error> load(const Command& command);
    /// The verdict on a command whose module could not be loaded.
    Verdict refused(const Error& error, const Command& command);
    Result<runtime::Instance*, runtime::InstantiateError> instantiate(Artifact artifact);
    Verdict instantiate_as_current(Artifact artifact, const Command& command, const char* key);
    /// Empty for values.
    static Verdict failure_of(const ActionOutcome& outcome);
    ActionOutcome perform(const nlohmann::json& action);
    ActionOutcome invoke(const runtime::Function& function, const nlohmann::json& arguments);

    const engine::Compiler& compiler_;
    const codegen::CompileOptions options_;
    const Script& script_;
    const std::shared_ptr<runtime::Store> store_;
    std::unique_ptr<runtime::ThreadState> thread_;
    std::map<std::string, ExportMap, std::less<>> host_modules_;
    std::map<std::string, runtime::Instance*, std::less<>> registered_;
    std::map<std::string, runtime::Instance*, std::less<>> instances_;  ///< by `$name`
    std::map<std::string, Artifact, std::less<>> definitions_;
    runtime::Instance* current_ = nullptr;
    bool current_unsupported_ = false;                ///< there would be a current instance
    std::set<std::string, std::less<>> unsupported_;  ///< `$name`s of such instances
    Artifact last_definition_;
    std::map<std::string, std::unique_ptr<Thread>, std::less<>> threads_;  ///< by `$name`
};

}  // namespace wasmax::cli::wast
