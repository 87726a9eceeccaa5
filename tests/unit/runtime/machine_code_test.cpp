// What only hand-written machine code can show: the trap handler's rules and what the entry stubs
// preserve.

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "abi/builtin.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/units.h"
#include "runtime/artifact.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/value.h"
#include "unit/runtime/artifact_builder.h"
#include "unit/runtime/world.h"

namespace wasmax::runtime {
namespace {

MachineCode concatenate(std::initializer_list<MachineCode> parts) {
    MachineCode whole;
    for (const MachineCode& part : parts) {
        whole.insert(whole.end(), part.begin(), part.end());
    }
    return whole;
}

MachineCode enter_frame() { return {0x55, 0x48, 0x89, 0xe5}; }  // push rbp; mov rbp, rsp
MachineCode leave_frame() { return {0x5d, 0xc3}; }              // pop rbp; ret

MachineCode ud1(int code) { return {0x67, 0x0f, 0xb9, 0x40, code}; }

/// mov rax, address; mov eax, [rax]
MachineCode load_from(std::uintptr_t address) {
    MachineCode code{0x48, 0xb8};
    for (unsigned byte = 0; byte < 8; ++byte) {
        code.push_back(static_cast<int>(address >> (8 * byte) & 0xff));
    }
    return concatenate({code, {0x8b, 0x00}});
}

/// The artifact of one exported function `f` without parameters.
std::shared_ptr<const Artifact> one_function(const MachineCode& body, const char* type = "") {
    return assemble(
        std::string("(module (memory 1) (func (export \"f\") ") + type + " unreachable))",
        {concatenate({enter_frame(), body, leave_frame()})});
}

TEST(MachineCode, EveryTrapCodeTravelsInTheInstruction) {
    World world;
    std::vector<abi::TrapCode> codes;
#define TRAP(number, trap_name, message) codes.push_back(abi::TrapCode::trap_name);
#include "abi/traps.def"
    for (const abi::TrapCode code : codes) {
        const Trap trap =
            world.trap(world.instantiate(one_function(ud1(static_cast<int>(code)))), "f");
        EXPECT_EQ(trap.code, code);
        ASSERT_EQ(trap.frames.size(), 1U);
        EXPECT_EQ(trap.frames[0],
                  (Frame{.module = "test", .function = 0, .name = "f", .wasm_offset = 104}));
    }
}

TEST(MachineCode, TrapsAreFoundInCallersWithTheirOffsets) {
    // f calls g: call rel32 at byte 4, whose return address is byte 9 of the function.
    World world;
    Instance& instance = world.instantiate(assemble(
        "(module (func (export \"f\") unreachable) (func unreachable))",
        {concatenate(
             {enter_frame(), {0xe8, 0x07, 0, 0, 0}, leave_frame()}),  // to the next multiple of 16
         concatenate({enter_frame(), ud1(1)})}));
    const Trap trap = world.trap(instance, "f");
    EXPECT_EQ(to_string(trap),
              "wasm trap: unreachable\n"
              "  at func[1] offset 0x68\n"
              "  at f (func[0]) offset 0x6c");
}

TEST(MachineCode, FaultsInsideReservationsAreTraps) {
    World world;
    Instance& any = world.instantiate(one_function({}));
    const auto memory = reinterpret_cast<std::uintptr_t>(any.memory({0}).base());
    for (const std::uint64_t offset :
         {kWasmPageBytes, std::uint64_t{1} << 32, abi::kMemoryReservationBytes - 4}) {
        Instance& instance = world.instantiate(one_function(load_from(memory + offset)));
        EXPECT_EQ(world.trap(instance, "f").code, abi::TrapCode::memory_out_of_bounds);
    }
    EXPECT_EQ(world.trap(world.instantiate(one_function(load_from(8))), "f").code,
              abi::TrapCode::null_reference);
    EXPECT_EQ(
        world.trap(world.instantiate(one_function(load_from(world.thread->stack.low - 8))), "f")
            .code,
        abi::TrapCode::stack_exhausted);
}

using MachineCodeDeathTest = ::testing::Test;

TEST(MachineCodeDeathTest, OtherFaultsAreNotTraps) {
    void* const closed = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const std::vector<std::pair<const char*, MachineCode>> cases{
        {"an address that is nobody's", load_from(reinterpret_cast<std::uintptr_t>(closed))},
        {"an address no CPU has", load_from(std::uintptr_t{1} << 63)},
        {"ud1 with a code in no row", ud1(255)},
        {"another undefined instruction", {0x0f, 0x0b}},
    };
    for (const auto& [name, body] : cases) {
        SCOPED_TRACE(name);
        EXPECT_DEATH(
            {
                World world;
                (void)world.invoke(world.instantiate(one_function(body)), "f");
            },
            "");
    }
    munmap(closed, 4096);
}

/// Puts 1, 2, ... into the registers a callee may see, calls stack_check, and returns 1 if all are
/// there still.
MachineCode check_registers() {
    MachineCode code;
    const auto add = [&code](MachineCode part) {
        code.insert(code.end(), part.begin(), part.end());
    };
    add({0x53, 0x48, 0x89, 0xfb});  // push rbx (and so the call is misaligned); mov rbx, rdi
    // mov r64, imm32 for rax, rcx, rdx, rsi, r8..r11
    const std::vector<std::pair<int, int>> registers{{0x48, 0xc0}, {0x48, 0xc1}, {0x48, 0xc2},
                                                     {0x48, 0xc6}, {0x49, 0xc0}, {0x49, 0xc1},
                                                     {0x49, 0xc2}, {0x49, 0xc3}};
    int value = 1;
    for (const auto& [prefix, modrm] : registers) {
        add({prefix, 0xc7, modrm, value++, 0, 0, 0});
    }
    for (int xmm = 0; xmm < 8; ++xmm) {  // movq xmm, rax..: from rax, then shift it
        add({0x66, 0x48, 0x0f, 0x6e, 0xc0 | (xmm << 3)});
        add({0x48, 0x83, 0xc0, 1});  // add rax, 1
    }
    // call [[rbx + builtins] + 8 * stack_check], with rdi as it was: the context
    add({0x4c, 0x8b, 0x63, offsetof(abi::VmContext, builtins)});  // mov r12, [rbx + ..]
    add({0x41, 0xff, 0x54, 0x24, static_cast<int>(abi::Builtin::stack_check) * 8});
    // rax is 9 now; or all differences into r12
    add({0x4d, 0x31, 0xe4});  // xor r12, r12
    const auto expect_in = [&](int rex, int modrm, int expected) {
        add({rex, 0x83, 0xe8 | modrm, expected});                     // sub reg, expected
        add({rex == 0x48 ? 0x49 : 0x4d, 0x09, 0xc4 | (modrm << 3)});  // or r12, reg
    };
    expect_in(0x48, 0, 9);
    expect_in(0x48, 1, 2);
    expect_in(0x48, 2, 3);
    expect_in(0x48, 6, 4);
    expect_in(0x49, 0, 5);
    expect_in(0x49, 1, 6);
    expect_in(0x49, 2, 7);
    expect_in(0x49, 3, 8);
    for (int xmm = 0; xmm < 8; ++xmm) {
        add({0x66, 0x48, 0x0f, 0x7e, 0xc0 | (xmm << 3)});  // movq rax, xmm
        expect_in(0x48, 0, 1 + xmm);
    }
    add({0x48, 0x29, 0xdf, 0x49, 0x09, 0xfc});                    // sub rdi, rbx; or r12, rdi
    add({0x31, 0xc0, 0x4d, 0x85, 0xe4, 0x0f, 0x94, 0xc0, 0x5b});  // eax = r12 == 0; pop rbx
    return code;
}

TEST(MachineCode, StackCheckKeepsEveryRegisterAndResetsTheLimit) {
    World world;
    MachineCode body = check_registers();
    // r12 belongs to the caller.
    body.insert(body.begin(), {0x41, 0x54});
    body.insert(body.end(), {0x41, 0x5c});
    Instance& instance = world.instantiate(one_function(body, "(result i32)"));
    abi::VmContext& context = *world.thread->contexts[1];
    context.stack_limit.store(~std::uintptr_t{0});
    EXPECT_EQ(world.get(instance, "f").as_i32(), 1U);
    EXPECT_EQ(context.stack_limit.load(), world.thread->stack.limit);
}

TEST(MachineCodeDeathTest, ForeignFaultsGoToThePreviousHandler) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");  // in a process without our handler
    EXPECT_EXIT(
        {
            struct sigaction action{};
            action.sa_handler = [](int) { _exit(7); };
            sigaction(SIGSEGV, &action, nullptr);
            World world;  // installs ours on top

            (void)world.get(world.instantiate(one_function({})), "f");
            *static_cast<volatile int*>(
                mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) = 1;
        },
        ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace wasmax::runtime
