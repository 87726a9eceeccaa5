// No descriptor is left: what fails, with which error, and that nothing is lost by it. The limit is
// the process's (RLIMIT_NOFILE, set natively here), for a guest also its own. In the directory that
// is the only argument.

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "events.h"
#include "net.h"
#include "report.h"

static int fds[4096];

/// Opens as many as there may be; how many.
static int take_all(void) {
    int count = 0;
    while (count < 4096 && (fds[count] = open("file", O_RDONLY)) >= 0) {
        ++count;
    }
    return count;
}

static void give_back(int count) {
    for (int i = 0; i < count; ++i) {
        close(fds[i]);
    }
}

int main(int argc, char** argv) {
    if (argc != 2 || chdir(argv[1]) != 0) {
        return 2;
    }
    limit_files(64);
    close(open("file", O_RDWR | O_CREAT, 0644));
    mkdir("directory", 0755);
    symlink("directory/../file", "link");
    const int listener = net_socket(1);
    net_bind(listener, 0);
    net_listen(listener);
    const int client = net_socket(1);
    REPORT(net_connect(client, net_port(listener, 0)));
    REPORT(net_send(client, "early", 5));
    fcntl(listener, F_SETFL, O_NONBLOCK);
    poll(&(struct pollfd){listener, POLLIN, 0}, 1, 1000);

    const int most = take_all();
    SHOW(most > 20 && most < 100);
    int two[2] = {0, 0};
    struct stat status;
    REPORT(open("file", O_RDONLY));
    REPORT(open("new", O_RDWR | O_CREAT, 0644));
    REPORT(access("new", F_OK));
    REPORT(make_pipe(two));
    REPORT(net_pair(two));
    REPORT(net_socket(1));
    REPORT(net_socket(0));
    REPORT(make_epoll());
    REPORT(make_event(0, 0));
    REPORT(duplicate(0));
    REPORT(net_accept(listener));
    REPORT(net_accept(listener));
    SHOW(opendir("directory") == NULL);
    REPORT(stat("file", &status));
    REPORT(stat("directory/../link", &status));
    REPORT(mkdir("directory/below", 0755));
    REPORT(rename("directory/below", "moved"));
    REPORT(rmdir("moved"));

    close(fds[0]);
    REPORT(make_pipe(two));
    REPORT(net_pair(two));
    SHOW((fds[0] = open("file", O_RDONLY)) >= 0);
    REPORT(open("file", O_RDONLY));
    close(fds[0]);
    const int server = net_accept(listener);
    SHOW(server >= 0);
    char text[8];
    REPORT(net_recv(server, text, sizeof text, 0));
    REPORT(net_send(server, "late", 4));
    REPORT(net_recv(client, text, sizeof text, 0));
    close(server);
    SHOW((fds[0] = open("file", O_RDONLY)) >= 0);
    give_back(most);

    int as_many = 0;
    for (int round = 0; round < 50; ++round) {
        const int count = take_all();
        as_many += count == most;
        make_pipe(two);
        give_back(count);
    }
    SHOW(as_many);
    REPORT(unlink("file"));
    REPORT(unlink("link"));
    REPORT(rmdir("directory"));
    return 0;
}
