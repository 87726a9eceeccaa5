// The native twin of server_close.wat: an HTTP server on one thread, with blocking calls, one
// connection per request. It answers every connection on port 8080, all addresses, with the same
// response and closes it, without reading the request. Same calls in the same order, same bytes.
// SO_REUSEADDR is set because a WASIX host sets it for every TCP listener.
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char kResponse[] =
    "HTTP/1.1 200 OK\r\n"
    "Content-Length: 13\r\n"
    "Connection: close\r\n"
    "\r\n"
    "Hello, World!";
static const char kListening[] = "server_close: listening on 0.0.0.0:8080\n";

static void fail(const char* call, int error) {
    fprintf(stderr, "server_close: %s failed with errno %d (%s)\n", call, error, strerror(error));
    exit(1);
}

// The listening socket on port 8080, or fail().
static int open_listener(void) {
    const int listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (listener < 0) {
        fail("socket", errno);
    }
    const int on = 1;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        fail("setsockopt", errno);
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(8080)};
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0) {
        fail("bind", errno);
    }
    if (listen(listener, 1024) != 0) {
        fail("listen", errno);
    }
    return listener;
}

// Whether an accept that failed may be tried again: the listener itself is still open.
static int is_open(int listener) {
    int listening = 0;
    socklen_t bytes = sizeof listening;
    return getsockopt(listener, SOL_SOCKET, SO_ACCEPTCONN, &listening, &bytes) == 0 && listening;
}

int main(void) {
    const int listener = open_listener();
    // As in the twin, a start message that nobody can read is no reason to end.
    if (write(STDOUT_FILENO, kListening, sizeof kListening - 1) < 0) {
        errno = 0;
    }
    for (;;) {
        struct sockaddr_storage peer;
        socklen_t peer_bytes = sizeof peer;
        const int connection = accept(listener, (struct sockaddr*)&peer, &peer_bytes);
        if (connection < 0) {
            const int error = errno;
            if (is_open(listener)) {
                continue;
            }
            fail("accept", error);
        }
        // A peer that has gone makes any of these fail; the next connection does not care.
        send(connection, kResponse, sizeof kResponse - 1, MSG_NOSIGNAL);
        shutdown(connection, SHUT_RDWR);
        close(connection);
    }
}
