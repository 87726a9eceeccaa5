// The main thread ends before the others: the process ends with the last one.

#include "threads.h"

static void go_on(void* argument) {
    (void)argument;
    sleep_ms(30);
    write(1, "last\n", 5);
    const char* text = argument;
    if (text != NULL) {
        wasix_proc_exit(5);
    }
}

int main(int argc, char** argv) {
    thread_start(go_on, argc > 1 ? argv[1] : NULL);
    write(1, "first\n", 6);
    wasix_thread_exit(0);
}
