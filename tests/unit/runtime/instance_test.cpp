#include "runtime/instance.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

using wasm::ValueType;

std::uint32_t twice(abi::VmContext* /*context*/, std::uint32_t value) noexcept { return 2 * value; }

wasm::FunctionType i32_to_i32() { return {{ValueType::i32}, {ValueType::i32}}; }

/// The message of an instantiation that cannot be linked.
std::string link_error(World& world, std::string_view text,
                       const std::vector<std::optional<Extern>>& imports) {
    const auto created = world.try_instantiate(compile(text), imports);
    EXPECT_FALSE(created.has_value());
    if (created.has_value() || !std::holds_alternative<LinkError>(created.error())) {
        ADD_FAILURE() << "no link error";
        return {};
    }
    return to_string(created.error());
}

constexpr std::string_view kExporter = R"((module
  (memory (export "memory") 1 4)
  (table (export "table") 2 8 funcref)
  (global $g (export "global") (mut i32) (i32.const 5))
  (global (export "constant") i64 (i64.const 7))
  (func (export "set") (param i32) (global.set $g (local.get 0)))
  (func $get (export "get") (result i32) (global.get $g))
  (func (export "peek") (param i32) (result i32) (i32.load (local.get 0)))
  (elem (i32.const 0) $get)))";

TEST(Instance, SharesWhatItExports) {
    World world;
    Instance& owner = world.instantiate(compile(kExporter));
    Instance& user = world.instantiate(compile(R"((module
          (import "a" "memory" (memory 1))
          (import "a" "table" (table 2 funcref))
          (import "a" "global" (global $g (mut i32)))
          (import "a" "get" (func $get (result i32)))
          (type $t (func (result i32)))
          (global $own (mut i32) (i32.const 1))
          (func $mine (result i32) (i32.const 77))
          (elem (i32.const 1) $mine)
          (data (i32.const 100) "\01\02\03\04")
          (func (export "bump") (result i32)
            (global.set $g (i32.add (global.get $g) (i32.const 1))) (call $get))
          (func (export "indirect") (param i32) (result i32)
            (call_indirect (type $t) (local.get 0)))))"),
                                       {owner.export_("memory"), owner.export_("table"),
                                        owner.export_("global"), owner.export_("get")});
    EXPECT_EQ(world.get(user, "bump").as_i32(), 6U);
    EXPECT_EQ(world.get(owner, "get").as_i32(), 6U);
    EXPECT_EQ(exported<Global*>(owner, "global")->get().as_i32(), 6U);
    EXPECT_EQ(world.get(owner, "peek", {Value::i32(100)}).as_i32(), 0x04030201U);
    // Each entry is called with the context of the module it comes from.
    EXPECT_EQ(world.get(user, "indirect", {Value::i32(0)}).as_i32(), 6U);
    EXPECT_EQ(world.get(user, "indirect", {Value::i32(1)}).as_i32(), 77U);
    EXPECT_EQ(&user.memory({0}), &owner.memory({0}));
    EXPECT_FALSE(owner.export_("nothing").has_value());
}

TEST(Instance, FunctionsKeepTheirIdentityAcrossModules) {
    World world;
    Instance& owner = world.instantiate(compile(kExporter));
    Instance& user = world.instantiate(
        compile(
            "(module (import \"a\" \"get\" (func $f (result i32))) (export \"again\" (func $f)))"),
        {owner.export_("get")});
    EXPECT_EQ(exported<Function>(user, "again").ref, exported<Function>(owner, "get").ref);
}

TEST(Instance, LinksNativeFunctionsToWasm) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
          (import "env" "twice" (func $twice (param i32) (result i32)))
          (table funcref (elem $twice))
          (type $t (func (param i32) (result i32)))
          (func (export "direct") (param i32) (result i32) (call $twice (local.get 0)))
          (func (export "indirect") (param i32) (result i32)
            (call_indirect (type $t) (local.get 0) (i32.const 0)))))"),
                                           {host_function(twice, i32_to_i32())});
    EXPECT_EQ(world.get(instance, "direct", {Value::i32(4)}).as_i32(), 8U);
    EXPECT_EQ(world.get(instance, "indirect", {Value::i32(5)}).as_i32(), 10U);
    const wasm::FunctionType six_integers{std::vector<ValueType>(6, ValueType::i32), {}};
    EXPECT_EQ(world.store.native_function(host_function(twice, six_integers)).error().kind,
              Error::Kind::unsupported);
}

TEST(Instance, SaysWhichImportIsUnknown) {
    World world;
    EXPECT_EQ(
        link_error(world, "(module (import \"a\" \"b\" (func (param i32 f32))))", {std::nullopt}),
        R"(unknown import "a" "b": expected (func (i32, f32) -> ()))");
    EXPECT_EQ(link_error(world, "(module (import \"a\" \"\" (memory 2 3)))", {std::nullopt}),
              R"(unknown import "a" "": expected (memory 2 3))");
}

TEST(Instance, ChecksTheTypesOfImports) {
    World world;
    Instance& owner = world.instantiate(compile(kExporter));
    const auto error = [&](const std::string& wanted, const std::string& given) {
        return link_error(world, "(module (import \"a\" \"b\" " + wanted + "))",
                          {owner.export_(given)});
    };
    const std::string prefix = "incompatible import type for \"a\" \"b\": expected ";
    EXPECT_EQ(error("(func (param i64))", "set"),
              prefix + "(func (i64) -> ()), found (func (i32) -> ())");
    EXPECT_EQ(error("(func)", "memory"), prefix + "(func () -> ()), found (memory 1 4)");
    EXPECT_EQ(error("(memory 2)", "memory"), prefix + "(memory 2), found (memory 1 4)");
    EXPECT_EQ(error("(memory 1 3)", "memory"), prefix + "(memory 1 3), found (memory 1 4)");
    EXPECT_EQ(error("(table 3 funcref)", "table"),
              prefix + "(table 3 funcref), found (table 2 8 funcref)");
    EXPECT_EQ(error("(table 2 externref)", "table"),
              prefix + "(table 2 externref), found (table 2 8 funcref)");
    EXPECT_EQ(error("(global i32)", "global"), prefix + "(global i32), found (global (mut i32))");
    EXPECT_EQ(error("(global (mut i64))", "global"),
              prefix + "(global (mut i64)), found (global (mut i32))");
    EXPECT_EQ(error("(global i32)", "constant"), prefix + "(global i32), found (global i64)");
    EXPECT_EQ(error("(table 1 funcref)", "get"),
              prefix + "(table 1 funcref), found (func () -> (i32))");
    EXPECT_EQ(link_error(world, "(module (import \"wasi\" \"f\" (func)))",
                         {host_function(twice, i32_to_i32())}),
              "incompatible import type for \"wasi\" \"f\": expected (func () -> ()), found (func "
              "(i32) -> (i32))");
}

TEST(Instance, MatchesTheCurrentSizeOfAMemory) {
    World world;
    Instance& owner = world.instantiate(compile(kExporter));
    ASSERT_TRUE(exported<Memory*>(owner, "memory")->grow({1}).has_value());
    (void)world.instantiate(compile("(module (import \"a\" \"memory\" (memory 2)))"),
                            {owner.export_("memory")});
}

TEST(Instance, EvaluatesConstantExpressions) {
    World world;
    Instance& instance =
        world.instantiate(compile(R"((module
          (import "a" "g" (global $imported i32))
          (global (export "i32") i32 (i32.const -1))
          (global (export "i64") i64 (i64.const -2))
          (global (export "f32") f32 (f32.const 0.5))
          (global (export "f64") f64 (f64.const -0.25))
          (global (export "copy") (mut i32) (global.get $imported))
          (global (export "null") externref (ref.null extern))
          (global (export "function") funcref (ref.func $f))
          (func $f (export "f"))
          (memory (export "m") 1)
          (data (global.get $imported) "x")))"),
                          {world.store.create_global({ValueType::i32, false}, Value::i32(41))});
    const auto value = [&](std::string_view name) {
        return exported<Global*>(instance, name)->get();
    };
    EXPECT_EQ(value("i32"), Value::i32(~0U));
    EXPECT_EQ(value("i64"), Value::i64(~1ULL));
    EXPECT_EQ(value("f32"), Value::f32(0.5F));
    EXPECT_EQ(value("f64"), Value::f64(-0.25));
    EXPECT_EQ(value("copy"), Value::i32(41));
    EXPECT_EQ(value("null").as_reference(), nullptr);
    EXPECT_EQ(value("function").as_reference(), exported<Function>(instance, "f").ref);
    EXPECT_EQ(instance.memory({0}).base()[41], std::byte{'x'});
}

TEST(Instance, RunsTheStartFunctionLast) {
    World world;
    Instance& instance = world.instantiate(compile(R"((module
      (memory (export "m") 1)
      (data (i32.const 0) "\2a")
      (global $seen (export "seen") (mut i32) (i32.const 0))
      (func $start (global.set $seen (i32.load8_u (i32.const 0))))
      (start $start)))"));
    EXPECT_EQ(exported<Global*>(instance, "seen")->get().as_i32(), 42U);
}

std::optional<abi::TrapCode> trap_of(const Result<Instance*, InstantiateError>& created) {
    if (created.has_value() || !std::holds_alternative<Trap>(created.error())) {
        return std::nullopt;
    }
    return std::get<Trap>(created.error()).code;
}

TEST(Instance, TrapsDuringInstantiationKeepEarlierEffects) {
    World world;
    Instance& owner = world.instantiate(compile(kExporter));
    const std::vector<std::optional<Extern>> imports{owner.export_("memory"),
                                                     owner.export_("table")};
    const std::string head =
        "(module (import \"a\" \"m\" (memory 1)) (import \"a\" \"t\" (table 2 funcref)) "
        "(func $f (result i32) (i32.const 99)) (func $bad unreachable) ";
    // The second data segment does not fit, the first one stays, and so do the elements.
    EXPECT_EQ(trap_of(world.try_instantiate(
                  compile(head + "(elem (i32.const 1) $f) (data (i32.const 8) \"\\07\") "
                                 "(data (i32.const 65536) \"x\"))"),
                  imports)),
              abi::TrapCode::memory_out_of_bounds);
    EXPECT_EQ(world.get(owner, "peek", {Value::i32(8)}).as_i32(), 7U);
    Instance& caller = world.instantiate(
        compile("(module (import \"a\" \"t\" (table 2 funcref)) (type $t (func (result i32))) "
                "(func (export \"call\") (result i32) (call_indirect (type $t) (i32.const 1))))"),
        {owner.export_("table")});
    EXPECT_EQ(world.get(caller, "call").as_i32(), 99U);
    EXPECT_EQ(
        trap_of(world.try_instantiate(compile(head + "(elem (i32.const 1) $f $f))"), imports)),
        abi::TrapCode::table_out_of_bounds);
    EXPECT_EQ(trap_of(world.try_instantiate(
                  compile(head + "(data (i32.const 12) \"\\09\") (start $bad))"), imports)),
              abi::TrapCode::unreachable);
    EXPECT_EQ(world.get(owner, "peek", {Value::i32(12)}).as_i32(), 9U);
}

void leave_three(abi::VmContext* context) noexcept { leave(*context->thread, 3); }

TEST(Instance, StartFunctionsMayEndTheGuest) {
    World world;
    const auto created = world.try_instantiate(
        compile("(module (import \"wasi\" \"exit\" (func $exit)) (start $exit))"),
        {host_function(leave_three, {})});
    ASSERT_FALSE(created.has_value());
    ASSERT_TRUE(std::holds_alternative<Left>(created.error()));
    EXPECT_EQ(std::get<Left>(created.error()).reason, 3U);
}

TEST(Instance, LimitsAreErrorsOfTheHost) {
    World world({.memory = {.quota = {1}}, .table = {.max_entries = 10}});
    for (const char* text : {"(module (memory 2))", "(module (table 11 funcref))"}) {
        const auto created = world.try_instantiate(compile(text));
        ASSERT_FALSE(created.has_value());
        ASSERT_TRUE(std::holds_alternative<Error>(created.error())) << text;
        EXPECT_EQ(std::get<Error>(created.error()).kind, Error::Kind::limit);
    }
}

TEST(Instance, LongTypesAreEqualAcrossModulesOfAStore) {
    World world;
    const std::string type = "(param i32 i32 i32 i32 i32 i64 i64 i64 i64 f32) (result i32)";
    const std::string other = "(param i32 i32 i32 i32 i32 i64 i64 i64 i64 f64) (result i32)";
    Instance& owner = world.instantiate(compile(
        "(module (table (export \"t\") funcref (elem $f)) (func $f " + type + " (local.get 4)))"));
    const auto caller = [&](const std::string& as) -> Instance& {
        const char value = as == type ? '3' : '6';
        return world.instantiate(
            compile("(module (import \"a\" \"t\" (table 1 funcref)) (type $t (func " + as +
                    ")) (func (export \"call\") (result i32) (call_indirect (type $t) "
                    "(i32.const 1) (i32.const 2) (i32.const 3) (i32.const 4) (i32.const 5) "
                    "(i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (f" +
                    (value == '3' ? "32" : "64") + ".const 10) (i32.const 0))))"),
            {owner.export_("t")});
    };
    EXPECT_EQ(world.get(caller(type), "call").as_i32(), 5U);
    EXPECT_EQ(world.trap(caller(other), "call").code, abi::TrapCode::indirect_call_mismatch);
}

}  // namespace
}  // namespace wasmax::runtime
