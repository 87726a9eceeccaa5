// An event-driven HTTP/1.1 server on one thread: `http_server [PORT [epoll|poll]]`. The same source
// is a guest and its native twin; net.h is what differs.

#include <stdio.h>

#include "http_loop.h"
#include "http_pages.h"

int main(int argc, char** argv) {
    const int code = http_serve(argc - 1, argv + 1, &kHttpPages);
    if (code == 2) {
        fprintf(stderr, "Usage: http_server [PORT [epoll|poll]]\n");
    }
    return code;
}
