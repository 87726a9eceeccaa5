// A guest that imports every system call and makes them with hostile arguments from several
// threads, while its main thread rewrites what they point to and grows the memory. It has a
// directory and a part of the network. Nothing may trap, crash or hang, and it must end when its
// main thread does, whatever the others are waiting for.

#include <cstddef>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

struct Import {
    std::string module;
    std::string name;
    std::vector<std::string> parameters;
    bool returns;
};

/// Every row of the table but those that end the guest, send it signals, start programs or fill
/// the disk.
std::vector<Import> imports() {
    static const std::set<std::string> kLeftOut{"fd_allocate", "thread_signal", "thread_exit",
                                                "stack_restore"};
    const std::string rows = wasmax({"syscalls", "--format", "json"}).output;
    static const std::regex kRow(R"re("module": *"(\w+)",\s*"name": *"([\w-]+)"[^}]*?)re"
                                 R"re("type": *"\(([^)]*)\) -> \(([^)]*)\)")re");
    static const std::regex kType(R"(i32|i64)");
    std::vector<Import> found;
    for (std::sregex_iterator row(rows.begin(), rows.end(), kRow), end; row != end; ++row) {
        const std::string name = (*row)[2];
        if (kLeftOut.contains(name) || name.starts_with("proc_")) {
            continue;
        }
        Import import{(*row)[1], name, {}, (*row)[4].length() != 0};
        const std::string types = (*row)[3];
        for (std::sregex_iterator type(types.begin(), types.end(), kType); type != end; ++type) {
            import.parameters.push_back(type->str());
        }
        found.push_back(std::move(import));
    }
    return found;
}

/// Random numbers as calls take them: descriptors, addresses, the ends of the memory, anything.
constexpr const char* kRandom = R"(
  (global $random (mut i64) (i64.const 1))
  (func $next (result i64)
    (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 13))))
    (global.set $random (i64.xor (global.get $random) (i64.shr_u (global.get $random) (i64.const 7))))
    (global.set $random (i64.xor (global.get $random) (i64.shl (global.get $random) (i64.const 17))))
    (i64.mul (global.get $random) (i64.const 0x2545f4914f6cdd1d)))
  (func $draw (result i64) (local $bits i64) (local $kind i32)
    (local.set $bits (call $next))
    (local.set $kind (i32.wrap_i64 (i64.shr_u (local.get $bits) (i64.const 60))))
    (if (i32.lt_u (local.get $kind) (i32.const 8))
      (then (return (i64.and (local.get $bits) (i64.const 0x1ffff)))))
    (if (i32.lt_u (local.get $kind) (i32.const 12))
      (then (return (i64.and (local.get $bits) (i64.const 15)))))
    (if (i32.eq (local.get $kind) (i32.const 12))
      (then (return (i64.or (local.get $bits) (i64.const 0xfffffff0)))))
    (if (i32.eq (local.get $kind) (i32.const 13))
      (then (return (i64.sub (i64.mul (i64.extend_i32_u (memory.size)) (i64.const 65536))
                             (i64.and (local.get $bits) (i64.const 63))))))
    (local.get $bits))
  (func $descriptor (result i64)
    (if (result i64) (i64.eqz (i64.and (global.get $random) (i64.const 7)))
      (then (call $draw))
      (else (i64.and (call $next) (i64.const 15)))))
)";

/// Threads, and what the main one does meanwhile. FUNCTIONS is how many there are to call.
constexpr const char* kThreads = R"(
  (type $call (func))
  (func (export "wasi_thread_start") (param $tid i32) (param $seed i32)
    (global.set $random (i64.or (i64.extend_i32_u (i32.add (local.get $tid) (local.get $seed)))
                                (i64.const 0x9e3779b900000000)))
    (loop $again
      (call_indirect (type $call)
        (i32.wrap_i64 (i64.rem_u (i64.shr_u (call $next) (i64.const 20)) (i64.const FUNCTIONS))))
      (br $again)))
  (func (export "_start") (local $i i32)
    (drop (call $fd_close (i32.const 0)))
    (drop (call $fd_close (i32.const 1)))
    (drop (call $fd_close (i32.const 2)))
    (loop $spawn
      (drop (call $thread_spawn (local.get $i)))
      (br_if $spawn (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                              (i32.const 6))))
    (local.set $i (i32.const 0))
    (loop $rewrite
      (i64.store (i32.wrap_i64 (i64.and (call $next) (i64.const 0x1fff8))) (call $draw))
      (if (i32.eqz (i32.and (local.get $i) (i32.const 0x3fff)))
        (then (drop (memory.grow (i32.const 1)))))
      (br_if $rewrite (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))
                                (i32.const REWRITES)))))
)";

std::string module_of(const std::vector<Import>& imports, int rewrites) {
    std::string declared =
        "(import \"env\" \"memory\" (memory 2 1024 shared))\n"
        "(import \"wasi_snapshot_preview1\" \"fd_close\""
        " (func $fd_close (param i32) (result i32)))\n"
        "(import \"wasi\" \"thread-spawn\""
        " (func $thread_spawn (param i32) (result i32)))\n";
    std::string callers;
    std::string table = "(table funcref (elem";
    for (std::size_t i = 0; i < imports.size(); ++i) {
        const Import& import = imports[i];
        std::string arguments;
        for (const std::string& type : import.parameters) {
            const char* const source = arguments.empty() ? "$descriptor" : "$draw";
            const std::string value = std::string("(call ") + source + ")";
            arguments += type == "i64" ? " " + value : " (i32.wrap_i64 " + value + ")";
        }
        const std::string number = std::to_string(i);
        std::string parameters;
        for (const std::string& type : import.parameters) {
            parameters += " " + type;
        }
        declared += "(import \"" + import.module + "\" \"" + import.name + "\" (func $i" + number +
                    " (param" + parameters + ")" + (import.returns ? " (result i32)" : "") + "))\n";
        callers += "(func $c" + number + " (call $i" + number + arguments + ")" +
                   (import.returns ? " drop" : "") + ")\n";
        table += " $c" + number;
    }
    return "(module\n" + declared + kRandom + callers + table + "))\n" +
           std::regex_replace(std::regex_replace(kThreads, std::regex("FUNCTIONS"),
                                                 std::to_string(imports.size())),
                              std::regex("REWRITES"), std::to_string(rewrites)) +
           ")\n";
}

TEST(Hostile, ThreadsThatCallEverything) {
    const std::vector<Import> all = imports();
    ASSERT_GT(all.size(), 100U);
    const TemporaryDirectory directory;
    const std::string module = directory.write("hostile.wat", module_of(all, 2'000'000));
    std::filesystem::create_directory(directory.path() / "granted");
    for (const bool confined : {true, false}) {
        Arguments arguments{"run",
                            module,
                            "--dir",
                            (directory.path() / "granted").string() + ":/",
                            "--net=ipv4:allow=127.0.0.1:7990-7999",
                            "--max-threads",
                            "12",
                            "--env",
                            "KEY=VALUE"};
        if (!confined) {
            arguments.emplace_back("--no-host-confinement");
        }
        const Completed completed = wasmax(arguments);
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    }
}

}  // namespace
}  // namespace wasmax::e2e
