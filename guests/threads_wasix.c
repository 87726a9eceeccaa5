// threads.h over the WASIX calls; and, since Debian's wasi-libc was built without threads, a lock
// around its heap: to be linked with --wrap for the four functions at the end.
#include <stddef.h>

#include "threads.h"
#include "wasix_thread.h"

int threads_run(void (*body)(void*), void** arguments, int count) {
    for (int i = 1; i < count; ++i) {
        struct thread* const thread = thread_new(body, arguments[i]);
        if (thread == NULL ||
            wasix_thread_spawn_v2(WASIX_PTR(thread), WASIX_PTR(&thread->tid)) != 0) {
            return 0;
        }
    }
    body(arguments[0]);
    return 1;
}

static _Atomic(int) heap;

void* __real_malloc(size_t bytes);
void* __real_calloc(size_t count, size_t bytes);
void* __real_realloc(void* block, size_t bytes);
void __real_free(void* block);

void* __wrap_malloc(size_t bytes) {
    mutex_lock(&heap);
    void* const block = __real_malloc(bytes);
    mutex_unlock(&heap);
    return block;
}

void* __wrap_calloc(size_t count, size_t bytes) {
    mutex_lock(&heap);
    void* const block = __real_calloc(count, bytes);
    mutex_unlock(&heap);
    return block;
}

void* __wrap_realloc(void* block, size_t bytes) {
    mutex_lock(&heap);
    void* const grown = __real_realloc(block, bytes);
    mutex_unlock(&heap);
    return grown;
}

void __wrap_free(void* block) {
    mutex_lock(&heap);
    __real_free(block);
    mutex_unlock(&heap);
}
