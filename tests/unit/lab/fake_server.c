// A server for tests of the lab: `fake_server PORT MODE`. Compiled by the tests with cc. Every mode
// but `die` and `deaf` answers on 127.0.0.1:PORT; each then misbehaves in its own way.
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char kHello[] = "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\nHello, World!";
static const char kGoodbye[] = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGoodbye!";
static const char kBroken[] = "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n";

int main(int argc, char** argv) {
    if (argc != 3) {
        return 2;
    }
    alarm(60);  // whatever becomes of the test
    const char* const mode = argv[2];
    if (strcmp(mode, "die") == 0) {
        fprintf(stderr, "fake_server: cannot start\n");
        return 3;
    }
    if (strcmp(mode, "deaf") == 0) {
        pause();
    }
    if (strcmp(mode, "stubborn") == 0) {  // only SIGKILL ends it
        signal(SIGINT, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
    }
    if (strcmp(mode, "leak") == 0) {  // a child that leaves group, session and parent
        const pid_t child = fork();
        if (child == 0) {
            setsid();
            if (fork() == 0) {
                alarm(60);
                pause();
            }
            _exit(0);
        }
    }
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((unsigned short)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr*)&address, sizeof address) != 0 ||
        listen(listener, 16) != 0) {
        return 4;
    }
    for (int answered = 0;; ++answered) {
        const int connection = accept(listener, NULL, NULL);
        if (strcmp(mode, "mute") == 0) {
            pause();
        }
        const char* const response = strcmp(mode, "status") == 0 ? kBroken
                                     : strcmp(mode, "body") == 0 ? kGoodbye
                                                                 : kHello;
        send(connection, response, strlen(response), MSG_NOSIGNAL);
        close(connection);
        // The first connection is the lab's check, the second the load.
        if (strcmp(mode, "frail") == 0 && answered == 1) {
            abort();
        }
    }
}
