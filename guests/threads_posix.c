#include <pthread.h>
#include <stdlib.h>

#include "threads.h"

struct task {
    void (*body)(void*);
    void* argument;
};

static void* run(void* task) {
    ((struct task*)task)->body(((struct task*)task)->argument);
    return NULL;
}

int threads_run(void (*body)(void*), void** arguments, int count) {
    for (int i = 1; i < count; ++i) {
        struct task* const task = malloc(sizeof *task);
        pthread_t thread;
        if (task == NULL) {
            return 0;
        }
        *task = (struct task){body, arguments[i]};
        if (pthread_create(&thread, NULL, run, task) != 0) {
            return 0;
        }
    }
    body(arguments[0]);
    return 1;
}
