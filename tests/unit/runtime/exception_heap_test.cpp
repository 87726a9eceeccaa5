#include "runtime/exception_heap.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "abi/exception.h"
#include "abi/vm_context.h"
#include "runtime/tag.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

using Stack = std::vector<std::uintptr_t>;

constexpr int kEnoughToSweep = 10'000;

const Tag& tag() {
    static const Tag one({{wasm::ValueType::i64}, {}}, abi::TypeId{}, "one");
    return one;
}

std::uintptr_t address(const abi::Exception* exception) {
    return reinterpret_cast<std::uintptr_t>(exception);
}

abi::Exception* create(ExceptionHeap& heap, std::uint64_t payload, const Stack& stack) {
    const Value value = Value::i64(payload);
    abi::Exception* const created = heap.create(tag(), {&value, 1}, stack);
    EXPECT_NE(created, nullptr);
    return created;
}

void make_garbage(ExceptionHeap& heap, const Stack& stack) {
    for (int count = 0; count < kEnoughToSweep; ++count) {
        create(heap, 0, stack);
    }
}

TEST(ExceptionHeap, FreesWhatNothingRefersTo) {
    ExceptionHeap heap;
    make_garbage(heap, {});
    EXPECT_LT(heap.count(), kEnoughToSweep / 2);
}

TEST(ExceptionHeap, KeepsWhatTheStackRefersTo) {
    ExceptionHeap heap;
    std::vector<abi::Exception*> held;
    Stack stack;
    for (std::uint64_t index = 0; index < 100; ++index) {
        held.push_back(create(heap, index, stack));
        stack.push_back(address(held.back()) + index % 32);  // also from inside
    }
    make_garbage(heap, stack);
    for (std::uint64_t index = 0; index < held.size(); ++index) {
        EXPECT_EQ(payload_of(*held[index])[0], Value::i64(index));
    }
    EXPECT_LT(heap.count(), kEnoughToSweep / 2);
}

TEST(ExceptionHeap, KeepsWhatAnExceptionRefersTo) {
    ExceptionHeap heap;
    abi::Exception* const inner = create(heap, 42, {});
    abi::Exception* const outer = create(heap, address(inner), {});
    make_garbage(heap, {address(outer)});
    EXPECT_EQ(payload_of(*outer)[0], Value::i64(address(inner)));
    EXPECT_EQ(payload_of(*inner)[0], Value::i64(42));
}

TEST(ExceptionHeap, KeepsWhatItIsToldTo) {
    ExceptionHeap heap;
    abi::Exception* const kept = create(heap, 42, {});
    ExceptionHeap::keep(kept);
    ExceptionHeap::keep(nullptr);
    make_garbage(heap, {});
    EXPECT_EQ(payload_of(*kept)[0], Value::i64(42));
    const std::vector<abi::Exception*> taken = heap.take_kept();
    EXPECT_EQ(taken, std::vector{kept});
    ExceptionHeap::release(taken);
}

TEST(ExceptionHeap, EndsWhenTooMuchIsInUse) {
    ExceptionHeap heap;
    const std::vector<Value> payload(1000);
    const wasm::FunctionType type{std::vector(payload.size(), wasm::ValueType::i64), {}};
    const Tag wide(type, abi::TypeId{}, "wide");
    std::size_t created = 0;
    while (abi::Exception* const exception = heap.create(wide, payload, {})) {
        ExceptionHeap::keep(exception);
        ++created;
    }
    EXPECT_GT(created * payload.size() * sizeof(Value), kMaxExceptionBytes / 4);
    EXPECT_LE(created * payload.size() * sizeof(Value), kMaxExceptionBytes * 2);
    ExceptionHeap::release(heap.take_kept());
}

TEST(ExceptionHeap, DescribesExceptions) {
    ExceptionHeap heap;
    EXPECT_EQ(describe(*create(heap, 7, {})), "one (i64 7)");
    const Tag nothing({}, abi::TypeId{}, "nothing");
    EXPECT_EQ(describe(*heap.create(nothing, {}, {})), "nothing");
}

}  // namespace
}  // namespace wasmax::runtime
