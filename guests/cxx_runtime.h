// The part of a C++ runtime that -fwasm-exceptions needs: Debian's wasi-libc comes without one.
// What programs with a full libc++abi do, on fewer lines: exceptions of class types without bases,
// by value.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// What all C++ exceptions are thrown with.
__asm__(
    ".globl __cpp_exception\n"
    ".tagtype __cpp_exception i32\n"
    "__cpp_exception:\n");

extern "C" {

// The compiler's side of a landing pad: which one, and where its function's table is.
struct WasmLandingContext {
    uintptr_t index;
    const uint8_t* table;
    uintptr_t selector;
};
__attribute__((used)) WasmLandingContext __wasm_lpad_context = {0, nullptr, 0};

// Destructors return their object in the C++ ABI of WebAssembly.
typedef void* (*Destructor)(void*);

// What a thrown object has in front of it.
struct Header {
    void* type;
    Destructor destructor;
};

/// Every class's type information begins with a pointer to this.
void* _ZTVN10__cxxabiv117__class_type_infoE[3];

static uintptr_t read_uleb(const uint8_t** place) {
    uintptr_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const uint8_t byte = *(*place)++;
        value |= static_cast<uintptr_t>(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
}

/// The filter of the first action whose type is that of the exception. The table is LLVM's for
/// wasm: (pad, action) per landing pad; filters count backwards from the end of the types.
int _Unwind_CallPersonality(void* object) {
    const Header* header = static_cast<const Header*>(object) - 1;
    const uint8_t* place = __wasm_lpad_context.table;
    ++place;  // no base of landing pads
    const bool has_types = *place++ != 0xff;
    const uint8_t* types = nullptr;
    if (has_types) {
        const uintptr_t distance = read_uleb(&place);
        types = place + distance;
    }
    ++place;  // the encoding of what follows
    const uintptr_t bytes = read_uleb(&place);
    const uint8_t* actions = place + bytes;
    uintptr_t action = 0;
    for (uintptr_t index = 0; index <= __wasm_lpad_context.index; ++index) {
        read_uleb(&place);
        action = read_uleb(&place);
    }
    __wasm_lpad_context.selector = 0;
    for (const uint8_t* entry = actions + action - 1; action != 0;) {
        const int filter = static_cast<int>(*entry++);  // small numbers
        const int next = static_cast<int8_t>(*entry << 1) >> 1;
        void* const type = reinterpret_cast<void* const*>(types)[-filter];
        if (type == nullptr || type == header->type) {
            __wasm_lpad_context.selector = static_cast<uintptr_t>(filter);
            break;
        }
        if (next == 0) {
            break;
        }
        entry += next;
    }
    return 0;
}

void* __cxa_allocate_exception(size_t bytes) {
    return static_cast<Header*>(malloc(sizeof(Header) + bytes)) + 1;
}
void __cxa_throw(void* object, void* type, Destructor destructor) {
    static_cast<Header*>(object)[-1] = {type, destructor};
    __builtin_wasm_throw(0, object);
}
static void* caught[8];
static int caught_count = 0;
void* __cxa_begin_catch(void* object) { return caught[caught_count++] = object; }
void* __cxa_get_exception_ptr(void* object) { return object; }
void __cxa_end_catch() {
    void* object = caught[--caught_count];
    Header* header = static_cast<Header*>(object) - 1;
    if (object != nullptr) {
        if (header->destructor != nullptr) {
            header->destructor(object);
        }
        free(header);
    }
}
void __cxa_rethrow() {
    void* object = caught[caught_count - 1];
    caught[caught_count - 1] = nullptr;
    __builtin_wasm_throw(0, object);
}
int __gxx_wasm_personality_v0(...) { return 0; }
}

namespace std {
[[noreturn]] void terminate() { abort(); }
}  // namespace std
