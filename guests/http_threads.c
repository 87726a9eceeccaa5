// http_server on several threads: `http_threads [PORT [THREADS]]`. Each thread has a listener of
// its own on the port (SO_REUSEPORT), among which the kernel spreads connections, and an epoll of
// its own; they share nothing but the heap. The same source is a guest and its native twin.

#include <stdio.h>
#include <stdlib.h>

#include "http_loop.h"
#include "http_pages.h"
#include "threads.h"

enum { kMaxThreads = 64 };

static void serve(void* server) { exit(http_server_run(server)); }

int main(int argc, char** argv) {
    const int port = argc > 1 ? atoi(argv[1]) : 8081;
    const int threads = argc > 2 ? atoi(argv[2]) : 2;
    if (argc > 3 || port < 1 || port > 65535 || threads < 1 || threads > kMaxThreads) {
        fprintf(stderr, "Usage: http_threads [PORT [THREADS]], at most %d threads\n", kMaxThreads);
        return 2;
    }
    // All listen before the first is asked to accept: none that is added later takes connections
    // over that wait for another.
    const struct http_place place = {(uint16_t)port, kNetShared, kNetEpoll};
    void* servers[kMaxThreads];
    for (int i = 0; i < threads; ++i) {
        servers[i] = http_server_open(&kHttpPages, &place);
        if (servers[i] == NULL) {
            return 1;
        }
    }
    http_server_announce(place.port);
    if (!threads_run(serve, servers, threads)) {
        fprintf(stderr, "http_threads: cannot start %d threads\n", threads);
    }
    return 1;
}
