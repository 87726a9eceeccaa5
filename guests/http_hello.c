// A blocking HTTP server in C over the WASIX socket calls, one connection at a time: reads a
// request up to its blank line, answers with its first line, closes. `http_hello [PORT]`; port 0,
// the default, lets the host choose. Before main it makes the calls that the start-up code of
// wasix-libc makes, since the C library it is built with (Debian's wasi-libc) makes fewer.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasix.h"

enum { kInet4 = 1, kStream = 1, kTcp = 6, kShutBoth = 3, kBacklog = 128, kInterrupted = 27 };

static void check(const char* call, uint32_t error) {
    if (error != 0) {
        fprintf(stderr, "http_hello: %s: errno %u\n", call, (unsigned)error);
        exit(1);
    }
}

/// semantics 1.8: a failure of any of these ends a wasix-libc program with status 70 or 71.
__attribute__((constructor)) static void start_like_wasix_libc(void) {
    uint32_t count = ~0U;
    check("proc_signals_sizes_get", wasix_proc_signals_sizes_get(WASIX_PTR(&count)));
    uint8_t signals[64];
    if (count * 2 > sizeof signals) {
        check("proc_signals_sizes_get (too many)", count);
    }
    check("proc_signals_get", wasix_proc_signals_get(WASIX_PTR(signals)));
    static const char kHandler[] = "__wasm_signal";
    wasix_callback_signal(WASIX_PTR(kHandler), sizeof kHandler - 1);
}

static uint32_t listen_on(uint16_t port) {
    uint32_t listener;
    check("sock_open", wasix_sock_open(kInet4, kStream, kTcp, WASIX_PTR(&listener)));
    struct wasix_address_port address = {.family = kInet4};
    memcpy(address.port, &port, sizeof port);
    address.octets[0] = 127;
    address.octets[3] = 1;
    check("sock_bind", wasix_sock_bind(listener, WASIX_PTR(&address)));
    check("sock_listen", wasix_sock_listen(listener, kBacklog));
    check("sock_addr_local", wasix_sock_addr_local(listener, WASIX_PTR(&address)));
    memcpy(&port, address.port, sizeof port);
    printf("listening on %u\n", port);
    fflush(stdout);
    return listener;
}

/// Reads until the blank line that ends a request's head; returns the bytes it has.
static size_t read_head(uint32_t connection, char* head, size_t room) {
    size_t used = 0;
    while (used < room - 1) {
        const struct wasix_buffer into = {WASIX_PTR(head + used), (uint32_t)(room - 1 - used)};
        uint32_t got = 0;
        uint16_t flags = 0;
        if (wasix_sock_recv(connection, WASIX_PTR(&into), 1, 0, WASIX_PTR(&got),
                            WASIX_PTR(&flags)) != 0 ||
            got == 0) {
            break;
        }
        used += got;
        head[used] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL) {
            break;
        }
    }
    head[used] = '\0';
    return used;
}

static void answer(uint32_t connection) {
    char head[4096];
    char response[8192];
    read_head(connection, head, sizeof head);
    head[strcspn(head, "\r\n")] = '\0';
    const int length = snprintf(response, sizeof response,
                                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                                "Content-Length: %zu\r\nConnection: close\r\n\r\n%s\n",
                                strlen(head) + 1, head);
    const struct wasix_buffer from = {WASIX_PTR(response), (uint32_t)length};
    uint32_t sent = 0;
    wasix_sock_send(connection, WASIX_PTR(&from), 1, 0, WASIX_PTR(&sent));
    wasix_sock_shutdown(connection, kShutBoth);
}

int main(int argc, char** argv) {
    const uint32_t listener = listen_on((uint16_t)(argc > 1 ? atoi(argv[1]) : 0));
    for (;;) {
        uint32_t connection = 0;
        struct wasix_address_port peer;
        const uint32_t error =
            wasix_sock_accept_v2(listener, 0, WASIX_PTR(&connection), WASIX_PTR(&peer));
        if (error == kInterrupted) {
            continue;
        }
        check("sock_accept_v2", error);
        answer(connection);
        wasix_fd_close(connection);
    }
}
