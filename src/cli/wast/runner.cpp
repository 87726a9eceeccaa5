#include "cli/wast/runner.h"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "abi/trap.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "cli/wast/script.h"
#include "cli/wast/spectest.h"
#include "cli/wast/value.h"
#include "codegen/compiler.h"
#include "engine/compiler.h"
#include "runtime/artifact.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::cli::wast {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// The suite's texts are a prefix of the message, or the other way round.
bool same_message(std::string_view expected, std::string_view actual) {
    return actual.starts_with(expected) || expected.starts_with(actual);
}

}  // namespace

struct Runner::Thread {
    Report report;
    std::thread host;  // after the report, which it writes
};

Runner::Runner(const engine::Compiler& compiler, const codegen::CompileOptions& options,
               const Script& script, std::shared_ptr<runtime::Store> store)
    : compiler_(compiler), options_(options), script_(script), store_(std::move(store)) {}

Runner::~Runner() {
    for (auto& [name, thread] : threads_) {
        if (thread->host.joinable()) {
            thread->host.join();
        }
    }
}

Result<std::unique_ptr<Runner>, Error> Runner::create(const engine::Compiler& compiler,
                                                      const codegen::CompileOptions& options,
                                                      const Script& script) {
    auto store = std::make_shared<runtime::Store>();
    std::unique_ptr<Runner> runner(new Runner(compiler, options, script, std::move(store)));
    runner->thread_ = TRY(runtime::ThreadState::create(*runner->store_));
    runner->host_modules_.emplace("spectest", TRY(spectest(*runner->store_)));
    return runner;
}

const std::map<std::string, Runner::Handler, std::less<>>& Runner::handlers() {
    static const std::map<std::string, Handler, std::less<>> by_type{
        {"thread", &Runner::thread},
        {"wait", &Runner::wait},
        {"module", &Runner::module},
        {"module_definition", &Runner::module_definition},
        {"module_instance", &Runner::module_instance},
        {"register", &Runner::register_},
        {"action", &Runner::action},
        {"assert_return", &Runner::assert_return},
        {"assert_trap", &Runner::assert_trap},
        {"assert_exhaustion", &Runner::assert_trap},
        {"assert_exception", &Runner::assert_exception},
        {"assert_malformed", &Runner::assert_refused},
        {"assert_invalid", &Runner::assert_refused},
        {"assert_unlinkable", &Runner::assert_unlinkable},
        {"assert_uninstantiable", &Runner::assert_uninstantiable},
        {"assert_malformed_custom", Skipped{}},
        {"assert_invalid_custom", Skipped{}},
    };
    return by_type;
}

Report Runner::run() {
    Report report;
    execute_all(script_.commands, report);
    return report;
}

void Runner::execute_all(const json& commands, Report& report) {
    for (const json& command : commands) {
        execute(command, report);
        const auto waited = threads_.find(text_of(command, "thread"));
        if (text_of(command, "type") == "wait" && waited != threads_.end()) {
            const Report& inner = waited->second->report;
            report.passed += inner.passed;
            report.failed += inner.failed;
            report.skipped += inner.skipped;
            report.unsupported += inner.unsupported;
            report.failures.insert(report.failures.end(), inner.failures.begin(),
                                   inner.failures.end());
            threads_.erase(waited);
        }
    }
}

/// On a host thread of its own, in the same store.
void Runner::run_in_thread(const json& command, runtime::Instance* shared, Report& report) {
    Runner inner(compiler_, options_, script_, store_);
    inner.host_modules_ = host_modules_;
    const auto fail_with = [&](const std::string& problem) {
        report.failed += 1;
        report.failures.push_back(problem);
    };
    auto state = runtime::ThreadState::create(*store_);
    if (!state) {
        fail_with(state.error().message);
        return;
    }
    inner.thread_ = *std::move(state);
    if (shared != nullptr) {
        auto replica = shared->replicate(*inner.thread_);
        if (!replica) {
            fail_with(to_string(replica.error()));
            return;
        }
        inner.instances_[text_of(command, "shared_module")] = *replica;
    }
    inner.execute_all(command.at("commands"), report);
}

Runner::Verdict Runner::thread(const json& command) {
    const std::string shared_name = text_of(command, "shared_module");
    const auto found = instances_.find(shared_name);
    if (!shared_name.empty() && found == instances_.end()) {
        return "no instance " + shared_name;
    }
    runtime::Instance* const shared = shared_name.empty() ? nullptr : found->second;
    auto& thread = threads_[text_of(command, "name")];
    if (thread != nullptr) {
        return "there is a thread of this name";
    }
    thread = std::make_unique<Thread>();
    thread->host = std::thread([this, &command, shared, &report = thread->report] {
        run_in_thread(command, shared, report);
    });
    return {};
}

Runner::Verdict Runner::wait(const json& command) {
    const auto found = threads_.find(text_of(command, "thread"));
    if (found == threads_.end()) {
        return "no thread " + text_of(command, "thread");
    }
    found->second->host.join();
    return {};
}

void Runner::execute(const json& command, Report& report) {
    const std::string type = text_of(command, "type");
    const bool is_assertion = type.starts_with("assert_");
    const auto found = handlers().find(type);
    if (text_of(command, "module_type") == "text" ||
        (found != handlers().end() && std::holds_alternative<Skipped>(found->second))) {
        report.skipped += 1;
        return;
    }
    if (needs_unsupported(command)) {
        report.skipped += 1;
        report.unsupported += 1;
        return;
    }
    Verdict verdict = "this kind of command is not supported";
    if (found != handlers().end()) {
        try {  // the JSON library throws on a missing key
            verdict = (this->*std::get<1>(found->second))(command);
        } catch (const json::exception& error) {
            verdict = error.what();
        }
    }
    if (verdict == kUnsupported) {
        report.skipped += 1;
        report.unsupported += 1;
        return;
    }
    if (verdict.empty()) {
        report.passed += is_assertion ? 1 : 0;
        return;
    }
    report.failed += 1;
    report.failures.push_back(
        fmt::format("line {}: {}: {}", command.value("line", 0), type, verdict));
}

Result<Runner::Artifact, Error> Runner::load(const json& command) {
    const std::string filename = command.at("filename");
    const auto bytes = TRY(script_.module(filename));
    const UniqueFd file = TRY(compiler_.compile(bytes, filename, options_));
    return TRY(runtime::Artifact::map(file.get(), filename));
}

Result<runtime::Instance*, runtime::InstantiateError> Runner::instantiate(Artifact artifact) {
    std::vector<std::optional<runtime::Extern>> imports;
    for (const wasm::Import& import : artifact->module().imports) {
        std::optional<runtime::Extern> found;
        if (const auto host = host_modules_.find(import.module); host != host_modules_.end()) {
            const auto item = host->second.find(import.name);
            if (item != host->second.end()) {
                found = item->second;
            }
        } else if (const auto instance = registered_.find(import.module);
                   instance != registered_.end()) {
            found = instance->second->export_(import.name);
        }
        imports.push_back(std::move(found));
    }
    return runtime::Instance::create(*store_, *thread_, std::move(artifact), imports);
}

Runner::Verdict Runner::refused(const Error& error, const json& command) {
    if (error.message.find("uses the GC proposal") == std::string::npos) {
        return error.message;
    }
    const std::string name = text_of(command, "name");
    if (!name.empty()) {
        unsupported_.insert(name);
    }
    current_ = nullptr;
    current_unsupported_ = true;
    return kUnsupported;
}

bool Runner::needs_unsupported(const json& command) const {
    const std::string type = text_of(command, "type");
    if (type == "module_instance") {
        return unsupported_.contains(text_of(command, "module"));
    }
    if (type == "register") {
        const std::string name = text_of(command, "name");
        return name.empty() ? current_unsupported_ : unsupported_.contains(name);
    }
    const auto action = command.find("action");
    if (action == command.end()) {
        return false;
    }
    const std::string name = text_of(*action, "module");
    return name.empty() ? current_unsupported_ : unsupported_.contains(name);
}

Runner::Verdict Runner::instantiate_as_current(Artifact artifact, const json& command,
                                               const char* key) {
    const auto instance = instantiate(std::move(artifact));
    if (!instance) {
        return to_string(instance.error());
    }
    current_ = *instance;
    current_unsupported_ = false;
    const std::string name = text_of(command, key);
    if (!name.empty()) {
        instances_[name] = current_;
    }
    return {};
}

Runner::Verdict Runner::module(const json& command) {
    auto artifact = load(command);
    if (!artifact) {
        return refused(artifact.error(), command);
    }
    return instantiate_as_current(*std::move(artifact), command, "name");
}

Runner::Verdict Runner::module_definition(const json& command) {
    auto artifact = load(command);
    if (!artifact) {
        return refused(artifact.error(), command);
    }
    last_definition_ = *artifact;
    const std::string name = text_of(command, "name");
    if (!name.empty()) {
        definitions_[name] = *std::move(artifact);
    }
    return {};
}

Runner::Verdict Runner::module_instance(const json& command) {
    const std::string name = text_of(command, "module");
    const auto found = definitions_.find(name);
    Artifact artifact = found != definitions_.end() ? found->second : last_definition_;
    if (artifact == nullptr) {
        return "no module definition " + name;
    }
    return instantiate_as_current(std::move(artifact), command, "instance");
}

runtime::Instance* Runner::instance_of(std::string_view name) const {
    if (name.empty()) {
        return current_;
    }
    const auto found = instances_.find(name);
    return found == instances_.end() ? nullptr : found->second;
}

Runner::Verdict Runner::register_(const json& command) {
    const std::string name = text_of(command, "name");
    runtime::Instance* const instance = instance_of(name);
    if (instance == nullptr) {
        return "no instance " + name;
    }
    registered_[command.at("as").get<std::string>()] = instance;
    return {};
}

Runner::ActionOutcome Runner::invoke(const runtime::Function& function, const json& arguments) {
    std::vector<runtime::Value> values;
    for (const json& argument : arguments) {
        const auto value = parse_value(argument);
        if (!value) {
            return "unsupported argument " + describe(argument);
        }
        values.push_back(*value);
    }
    if (values.size() != function.type->parameters.size()) {
        return std::string("wrong number of arguments");
    }
    Values results{function.type->results, {}};
    results.values.resize(results.types.size());
    auto outcome = runtime::call(*thread_, *function.ref, *function.type, values, results.values);
    if (auto* trapped = std::get_if<runtime::Trapped>(&outcome)) {
        return std::move(trapped->trap);
    }
    if (std::holds_alternative<runtime::Left>(outcome)) {
        return std::string("the guest ended");
    }
    return results;
}

Runner::ActionOutcome Runner::perform(const json& action) {
    const std::string name = text_of(action, "module");
    runtime::Instance* const instance = instance_of(name);
    if (instance == nullptr) {
        return "no instance " + name;
    }
    const std::string field = action.at("field");
    const auto exported = instance->export_(field);
    if (!exported) {
        return "no export " + field;
    }
    if (action.at("type") == "get") {
        const auto* global = std::get_if<runtime::Global*>(&*exported);
        if (global == nullptr) {
            return field + " is not a global";
        }
        return Values{{(*global)->type().value}, {(*global)->get()}};
    }
    const auto* function = std::get_if<runtime::Function>(&*exported);
    if (function == nullptr) {
        return field + " is not a function";
    }
    return invoke(*function, action.at("args"));
}

Runner::Verdict Runner::failure_of(const ActionOutcome& outcome) {
    if (const auto* trap = std::get_if<runtime::Trap>(&outcome)) {
        return to_string(*trap);
    }
    const auto* problem = std::get_if<std::string>(&outcome);
    return problem == nullptr ? std::string() : *problem;
}

Runner::Verdict Runner::action(const json& command) {
    return failure_of(perform(command.at("action")));
}

Runner::Verdict Runner::assert_return(const json& command) {
    const ActionOutcome outcome = perform(command.at("action"));
    const auto* results = std::get_if<Values>(&outcome);
    if (results == nullptr) {
        return failure_of(outcome);
    }
    const json& expected = command.at("expected");
    if (expected.size() != results->values.size()) {
        return fmt::format("{} results, expected {}", results->values.size(), expected.size());
    }
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (!matches(expected[i], results->types[i], results->values[i])) {
            return fmt::format("result {} is {}, expected {}", i,
                               describe(results->types[i], results->values[i]),
                               describe(expected[i]));
        }
    }
    return {};
}

Runner::Verdict Runner::assert_trap(const json& command) {
    const ActionOutcome outcome = perform(command.at("action"));
    if (const auto* problem = std::get_if<std::string>(&outcome)) {
        return *problem;
    }
    const auto* trap = std::get_if<runtime::Trap>(&outcome);
    const std::string expected = text_of(command, "text");
    if (trap == nullptr) {
        return "returned, expected the trap `" + expected + "`";
    }
    const char* actual = abi::message(trap->code);
    return same_message(expected, actual)
               ? std::string()
               : fmt::format("trapped with `{}`, expected `{}`", actual, expected);
}

Runner::Verdict Runner::assert_exception(const json& command) {
    const ActionOutcome outcome = perform(command.at("action"));
    if (const auto* problem = std::get_if<std::string>(&outcome)) {
        return *problem;
    }
    const auto* trap = std::get_if<runtime::Trap>(&outcome);
    if (trap == nullptr) {
        return "returned, expected an exception";
    }
    return trap->code == abi::TrapCode::uncaught_exception
               ? std::string()
               : fmt::format("trapped with `{}`, expected an exception", abi::message(trap->code));
}

Runner::Verdict Runner::assert_refused(const json& command) {
    const auto bytes = script_.module(command.at("filename").get<std::string>());
    if (!bytes) {
        return bytes.error().message;
    }
    const auto module = wasm::decode_module(*bytes, {.features = options_.features});
    if (!module || !wasm::validate_functions(*module, options_.features, 1)) {
        return {};  // engines differ in whether they call it malformed or invalid
    }
    return "the module was accepted, expected `" + text_of(command, "text") + "`";
}

Runner::Verdict Runner::assert_unlinkable(const json& command) {
    auto artifact = load(command);
    if (!artifact) {
        return artifact.error().message;
    }
    const auto instance = instantiate(*std::move(artifact));
    if (instance) {
        return "the module was linked, expected `" + text_of(command, "text") + "`";
    }
    return std::holds_alternative<runtime::LinkError>(instance.error())
               ? std::string()
               : to_string(instance.error());
}

Runner::Verdict Runner::assert_uninstantiable(const json& command) {
    auto artifact = load(command);
    if (!artifact) {
        return artifact.error().message;
    }
    const auto instance = instantiate(*std::move(artifact));
    if (instance) {
        return "the module was instantiated, expected `" + text_of(command, "text") + "`";
    }
    const auto* trap = std::get_if<runtime::Trap>(&instance.error());
    if (trap == nullptr) {
        return to_string(instance.error());
    }
    return same_message(text_of(command, "text"), abi::message(trap->code)) ? std::string()
                                                                            : to_string(*trap);
}

}  // namespace wasmax::cli::wast
