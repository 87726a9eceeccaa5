// Runs compiled code without the runtime library: the artifact is mapped and its context built by
// hand. What this leaves out (trap handling, instances) is tested with the runtime.
#include <sys/mman.h>

#include <array>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <new>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "abi/builtin.h"
#include "abi/context_layout.h"
#include "abi/type_id.h"
#include "abi/vm_context.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "support.h"
#include "wasm/module.h"

namespace wasmax::codegen {
namespace {

/// A builtin that these tests do not expect to be called.
void unexpected_builtin() { std::raise(SIGABRT); }

[[noreturn]] void trap_indirect_call(abi::VmContext* /*context*/, std::uint32_t /*table*/,
                                     std::uint64_t /*index*/) {
    std::raise(SIGUSR1);
    std::_Exit(0);
}

std::uint64_t grow(abi::VmContext* context, std::uint32_t memory, std::uint64_t delta) {
    EXPECT_EQ(memory, 0U);
    const std::uint64_t pages = context->memory0->bytes / kWasmPageBytes;
    if (delta > 4) {
        return ~std::uint64_t{0};
    }
    context->memory0->bytes += delta * kWasmPageBytes;
    return pages;
}

/// An instance with one page of memory and a table of 16 entries.
class Instance {
public:
    Instance(std::string_view text, const CompileOptions& options)
        : module_(text), layout_(abi::ContextLayout::of(*module_)) {
        CompileOptions verified = options;
        verified.verify = true;
        auto artifact = compile(*module_, verified);
        EXPECT_TRUE(artifact.has_value()) << to_string(artifact.error());
        artifact_ = std::move(artifact).value();
        image_ = static_cast<std::byte*>(::mmap(nullptr, artifact_.size(), PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        std::memcpy(image_, artifact_.data(), artifact_.size());
        EXPECT_EQ(::mprotect(image_, artifact_.size(), PROT_READ | PROT_EXEC), 0);

        memory_.resize(kWasmPageBytes);
        state_.base = memory_.data();
        state_.bytes = memory_.size();
        builtins_.fill(reinterpret_cast<const void*>(&unexpected_builtin));
        set_builtin(abi::Builtin::indirect_call_trap,
                    reinterpret_cast<const void*>(&trap_indirect_call));
        set_builtin(abi::Builtin::memory_grow, reinterpret_cast<const void*>(&grow));
        context_ = new (std::align_val_t{alignof(abi::VmContext)}) std::byte[layout_.bytes]();
        contexts_ = {&context()};
        abi::VmContext& fields = *::new (context_) abi::VmContext();
        fields.memory_base = memory_.data();
        fields.memory0 = &state_;
        fields.table0 = table_.data();
        fields.contexts = contexts_.data();
        fields.builtins = builtins_.data();
        fields.spill = spill_.data();
    }
    ~Instance() {
        ::operator delete[](context_, std::align_val_t{alignof(abi::VmContext)});
        ::munmap(image_, artifact_.size());
    }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    abi::VmContext& context() { return *reinterpret_cast<abi::VmContext*>(context_); }
    std::vector<std::byte>& memory() { return memory_; }
    std::array<abi::TableEntry, 16>& table() { return table_; }
    template <class T>
    T& context_field(std::uint32_t offset) {
        return *reinterpret_cast<T*>(context_ + offset);
    }
    const abi::ContextLayout& layout() const { return layout_; }

    const void* code(std::string_view name) {
        const wasm::Export* found = module_->find_export(name);
        EXPECT_NE(found, nullptr) << name;
        const abi::ArtifactHeader header = header_of(artifact_);
        return image_ + header.text.offset +
               table_of(artifact_, header.functions)[found->index - module_->imported_functions];
    }
    /// Calls an export in the wasm convention, which for few arguments is C's.
    template <class R, class... Arguments>
    R call(std::string_view name, Arguments... arguments) {
        using Function = R (*)(abi::VmContext*, Arguments...);
        return reinterpret_cast<Function>(const_cast<void*>(code(name)))(&context(), arguments...);
    }

private:
    void set_builtin(abi::Builtin builtin, const void* address) {
        builtins_[static_cast<std::size_t>(builtin)] = address;
    }

    TextModule module_;
    abi::ContextLayout layout_;
    std::vector<std::byte> artifact_;
    std::byte* image_ = nullptr;
    std::vector<std::byte> memory_;
    abi::MemoryState state_{};
    std::array<abi::TableEntry, 16> table_{};
    std::array<const void*, abi::kBuiltinCount> builtins_{};
    std::array<abi::VmContext*, 1> contexts_{};
    alignas(16) std::array<std::byte, abi::kSpillBytes> spill_{};
    std::byte* context_ = nullptr;
};

class Execution : public testing::TestWithParam<Tier> {
protected:
    [[nodiscard]] static CompileOptions options() { return {.tier = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Tiers, Execution, testing::ValuesIn(kTiers), [](const auto& tier) {
    return "t" + std::to_string(tier.param == Tier::t0 ? 0 : tier.param == Tier::t2 ? 2 : 3);
});

TEST_P(Execution, RecursionAndLoops) {
    Instance instance(R"((module
      (func $factorial (export "factorial") (param i64) (result i64)
        local.get 0 i64.eqz
        if (result i64) i64.const 1
        else local.get 0 local.get 0 i64.const 1 i64.sub call $factorial i64.mul end)
      (func (export "sum") (param $n i32) (result i32) (local $sum i32)
        loop $next
          local.get $sum local.get $n i32.add local.set $sum
          local.get $n i32.const 1 i32.sub local.tee $n br_if $next
        end
        local.get $sum)))",
                      options());
    EXPECT_EQ(instance.call<std::uint64_t>("factorial", std::uint64_t{20}), 2432902008176640000U);
    EXPECT_EQ(instance.call<std::uint32_t>("sum", std::uint32_t{100}), 5050U);
}

TEST_P(Execution, BranchesPassValues) {
    Instance instance(R"((module
      (func (export "table") (param i32) (result i32)
        block $a (result i32)
          block $b (result i32)
            i32.const 100
            local.get 0
            br_table $a $b $a $b
          end
          i32.const 1 i32.add
        end)
      (func (export "both") (param i32) (result i32)
        i32.const 5
        local.get 0
        if (param i32) (result i32) i32.const 2 i32.mul else i32.const 3 i32.add end)
      (func (export "half") (param i32) (result i32)
        i32.const 7
        local.get 0
        if (param i32) (result i32) drop i32.const 8 end)
      (func (export "loop") (param i32) (result i32)
        i32.const 0
        loop (param i32) (result i32)
          i32.const 2 i32.add
          local.get 0 i32.const 1 i32.sub local.tee 0
          br_if 0
        end)))",
                      options());
    const auto call = [&](std::string_view name, std::uint32_t argument) {
        return instance.call<std::uint32_t>(name, argument);
    };
    EXPECT_EQ(call("table", 0), 100U);
    EXPECT_EQ(call("table", 1), 101U);
    EXPECT_EQ(call("table", 2), 100U);
    EXPECT_EQ(call("table", 99), 101U);
    EXPECT_EQ(call("both", 1), 10U);
    EXPECT_EQ(call("both", 0), 8U);
    EXPECT_EQ(call("half", 1), 8U);
    EXPECT_EQ(call("half", 0), 7U);
    EXPECT_EQ(call("loop", 4), 8U);
}

TEST_P(Execution, Memory) {
    Instance instance(R"((module (memory 1)
      (func (export "store") (param i32 i64) local.get 0 local.get 1 i64.store offset=2)
      (func (export "load8_s") (param i32) (result i32) local.get 0 i32.load8_s offset=2)
      (func (export "load16_u") (param i32) (result i64) local.get 0 i64.load16_u offset=2)
      (func (export "grow") (param i32) (result i32) local.get 0 memory.grow)
      (func (export "size") (result i32) memory.size)))",
                      options());
    instance.call<void>("store", std::uint32_t{1}, std::uint64_t{0x8182838485868788});
    EXPECT_EQ(instance.memory()[3], std::byte{0x88});
    EXPECT_EQ(instance.memory()[10], std::byte{0x81});
    EXPECT_EQ(instance.call<std::int32_t>("load8_s", std::uint32_t{1}), -0x78);
    EXPECT_EQ(instance.call<std::uint64_t>("load16_u", std::uint32_t{1}), 0x8788U);
    EXPECT_EQ(instance.call<std::uint32_t>("size"), 1U);
    EXPECT_EQ(instance.call<std::uint32_t>("grow", std::uint32_t{2}), 1U);
    EXPECT_EQ(instance.call<std::uint32_t>("size"), 3U);
    EXPECT_EQ(instance.call<std::uint32_t>("grow", std::uint32_t{5}), 0xffffffffU);
}

TEST_P(Execution, Globals) {
    Instance instance(R"((module
      (import "env" "base" (global $base (mut i32)))
      (global $constant f64 (f64.const 2.5))
      (global $counter (mut i64) (i64.const 0))
      (func (export "count") (result i64)
        global.get $counter i64.const 1 i64.add global.set $counter global.get $counter)
      (func (export "constant") (result f64) global.get $constant)
      (func (export "move_base") (param i32) (result i32)
        local.get 0 global.set $base global.get $base)))",
                      options());
    alignas(16) std::array<std::uint32_t, 4> cell{};
    instance.context_field<void*>(instance.layout().globals[0]) = cell.data();
    EXPECT_EQ(instance.call<std::uint64_t>("count"), 1U);
    EXPECT_EQ(instance.call<std::uint64_t>("count"), 2U);
    EXPECT_EQ(instance.call<double>("constant"), 2.5);
    EXPECT_EQ(instance.call<std::uint32_t>("move_base", std::uint32_t{77}), 77U);
    EXPECT_EQ(cell[0], 77U);
}

TEST_P(Execution, IndirectCalls) {
    Instance instance(R"((module (table 16 funcref)
      (type $binary (func (param i32 i32) (result i32)))
      (func (export "subtract") (type $binary) local.get 0 local.get 1 i32.sub)
      (func (export "call") (param i32) (result i32)
        i32.const 9 i32.const 5 local.get 0 call_indirect (type $binary))))",
                      options());
    using wasm::ValueType;
    instance.table()[3] = {
        .code = instance.code("subtract"),
        .type = *abi::inline_type_id({{ValueType::i32, ValueType::i32}, {ValueType::i32}}),
        .module = 0};
    instance.table()[4] = {.code = instance.code("call"),
                           .type = *abi::inline_type_id({{ValueType::i32}, {ValueType::i32}}),
                           .module = 0};
    EXPECT_EQ(instance.call<std::uint32_t>("call", std::uint32_t{3}), 4U);
    EXPECT_EXIT(instance.call<std::uint32_t>("call", std::uint32_t{4}),
                testing::KilledBySignal(SIGUSR1), "");
    EXPECT_EXIT(instance.call<std::uint32_t>("call", std::uint32_t{0}),
                testing::KilledBySignal(SIGUSR1), "");
}

std::uint32_t weighted_sum(abi::VmContext* context, std::uint32_t a, std::uint32_t b,
                           std::uint32_t c, std::uint32_t d, std::uint32_t e, std::uint64_t f,
                           std::uint64_t g, std::uint32_t h, std::uint32_t i) {
    EXPECT_NE(context, nullptr);
    return static_cast<std::uint32_t>(a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h +
                                      9 * i);
}

TEST_P(Execution, HostCallsUseTheCStack) {
    Instance instance(R"((module
      (import "wasix_32v1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (func (export "open") (result i32)
        i32.const 1 i32.const 2 i32.const 3 i32.const 4 i32.const 5 i64.const 6 i64.const 7
        i32.const 8 i32.const 9 call $open)))",
                      options());
    instance.context_field<const void*>(instance.layout().function_imports[0]) =
        reinterpret_cast<const void*>(&weighted_sum);
    EXPECT_EQ(instance.call<std::uint32_t>("open"), 285U);
}

TEST_P(Execution, ManyArgumentsAndResultsTravelThroughTheSpillArea) {
    Instance instance(R"((module
      (func $rotate (param i32 i64 i32 i64 i32 i64 i32 f64) (result i64 i32 i64 f64 i32)
        local.get 5 local.get 6 local.get 1 local.get 7 local.get 0)
      (func (export "run") (result i64) (local $a i32) (local $f f64) (local $b i64)
        i32.const 1 i64.const 2 i32.const 3 i64.const 4 i32.const 5 i64.const 60 i32.const 700
        f64.const 0.5 call $rotate
        local.set $a local.set $f local.set $b
        i64.extend_i32_u i64.add
        local.get $b i64.const 10000 i64.mul i64.add
        local.get $a i64.extend_i32_u i64.const 100000 i64.mul i64.add
        local.get $f f64.const 2000000 f64.mul i64.trunc_f64_u i64.add)
      (func $pair (param i32 f32) (result f32 i32) local.get 1 local.get 0)
      (func (export "pair") (result i32)
        i32.const 4 f32.const 3 call $pair
        i32.const 10 i32.mul f32.convert_i32_s f32.add i32.trunc_f32_s)))",
                      options());
    EXPECT_EQ(instance.call<std::uint64_t>("run"), 60U + 700 + 20'000 + 100'000 + 1'000'000);
    EXPECT_EQ(instance.call<std::uint32_t>("pair"), 43U);
}

TEST_P(Execution, NotANumberIsQuietAndZerosHaveSigns) {
    Instance instance(R"((module
      (func (export "min") (param f32 f32) (result f32) local.get 0 local.get 1 f32.min)
      (func (export "max") (param f64 f64) (result f64) local.get 0 local.get 1 f64.max)
      (func (export "times_one") (param f32) (result f32) local.get 0 f32.const 1 f32.mul)
      (func (export "negated") (param f64) (result f64) f64.const -0 local.get 0 f64.sub)
      (func (export "there_and_back") (param f32) (result f32)
        local.get 0 f64.promote_f32 f32.demote_f64)
      (func (export "nearest") (param f64) (result f64) local.get 0 f64.nearest)))",
                      options());
    const auto signalling = std::bit_cast<float>(0x7fa00000U);
    const auto signalling64 = std::bit_cast<double>(0x7ff4000000000000U);
    const auto is_quiet = [](float value) {
        return (std::bit_cast<std::uint32_t>(value) & 0x7fc00000U) == 0x7fc00000U;
    };
    const auto is_quiet64 = [](double value) {
        return (std::bit_cast<std::uint64_t>(value) & 0x7ff8000000000000U) == 0x7ff8000000000000U;
    };
    EXPECT_TRUE(is_quiet(instance.call<float>("min", signalling, 1.0F)));
    EXPECT_TRUE(is_quiet(instance.call<float>("min", 1.0F, signalling)));
    EXPECT_TRUE(is_quiet64(instance.call<double>("max", signalling64, 1.0)));
    EXPECT_TRUE(is_quiet(instance.call<float>("times_one", signalling)));
    EXPECT_TRUE(is_quiet64(instance.call<double>("negated", signalling64)));
    EXPECT_TRUE(is_quiet(instance.call<float>("there_and_back", signalling)));
    EXPECT_EQ(instance.call<float>("min", 1.0F, 2.0F), 1.0F);
    EXPECT_EQ(instance.call<float>("min", 2.0F, -1.0F), -1.0F);
    EXPECT_EQ(instance.call<double>("max", 2.0, -1.0), 2.0);
    EXPECT_TRUE(std::signbit(instance.call<float>("min", 0.0F, -0.0F)));
    EXPECT_TRUE(std::signbit(instance.call<float>("min", -0.0F, 0.0F)));
    EXPECT_FALSE(std::signbit(instance.call<double>("max", 0.0, -0.0)));
    EXPECT_FALSE(std::signbit(instance.call<double>("max", -0.0, 0.0)));
    EXPECT_EQ(instance.call<double>("nearest", 2.5), 2.0);
}

TEST_P(Execution, IntegerOperations) {
    Instance instance(R"((module
      (func (export "rem_s") (param i32 i32) (result i32) local.get 0 local.get 1 i32.rem_s)
      (func (export "shl") (param i32 i32) (result i32) local.get 0 local.get 1 i32.shl)
      (func (export "rotr") (param i64 i64) (result i64) local.get 0 local.get 1 i64.rotr)
      (func (export "clz") (param i64) (result i64) local.get 0 i64.clz)
      (func (export "extend8_s") (param i32) (result i32) local.get 0 i32.extend8_s)
      (func (export "not_less") (param i32 i32) (result i32)
        local.get 0 local.get 1 i32.lt_s i32.eqz)
      (func (export "sat_u") (param f64) (result i32) local.get 0 i32.trunc_sat_f64_u)))",
                      options());
    const auto call = [&](std::string_view name, std::uint32_t a, std::uint32_t b) {
        return instance.call<std::uint32_t>(name, a, b);
    };
    EXPECT_EQ(call("rem_s", 0x80000000U, 0xffffffffU), 0U);
    EXPECT_EQ(call("shl", 1, 33), 2U);
    EXPECT_EQ(call("not_less", 2, 1), 1U);
    EXPECT_EQ(call("not_less", 0xffffffffU, 1), 0U);
    EXPECT_EQ(instance.call<std::uint64_t>("rotr", std::uint64_t{1}, std::uint64_t{65}),
              std::uint64_t{1} << 63U);
    EXPECT_EQ(instance.call<std::uint64_t>("clz", std::uint64_t{0}), 64U);
    EXPECT_EQ(instance.call<std::uint32_t>("extend8_s", std::uint32_t{0x80}), 0xffffff80U);
    EXPECT_EQ(instance.call<std::uint32_t>("sat_u", 1e300), 0xffffffffU);
    EXPECT_EQ(instance.call<std::uint32_t>("sat_u", std::nan("")), 0U);
}

TEST_P(Execution, TrapsAreInvalidInstructions) {
    Instance instance(R"((module
      (func (export "unreachable") unreachable)
      (func (export "div") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)
      (func (export "trunc") (param f64) (result i32) local.get 0 i32.trunc_f64_s)))",
                      options());
    const auto killed = testing::KilledBySignal(SIGILL);
    EXPECT_EXIT(instance.call<void>("unreachable"), killed, "");
    EXPECT_EXIT(instance.call<std::uint32_t>("div", std::uint32_t{1}, std::uint32_t{0}), killed,
                "");
    EXPECT_EXIT(
        instance.call<std::uint32_t>("div", std::uint32_t{0x80000000}, std::uint32_t{0xffffffff}),
        killed, "");
    EXPECT_EXIT(instance.call<std::uint32_t>("trunc", 2147483648.0), killed, "");
    EXPECT_EXIT(instance.call<std::uint32_t>("trunc", -2147483649.0), killed, "");
    EXPECT_EXIT(instance.call<std::uint32_t>("trunc", std::nan("")), killed, "");
    EXPECT_EQ(instance.call<std::uint32_t>("trunc", -2147483648.9), 0x80000000U);
    EXPECT_EQ(instance.call<std::uint32_t>("trunc", 2147483647.9), 0x7fffffffU);
}

}  // namespace
}  // namespace wasmax::codegen
