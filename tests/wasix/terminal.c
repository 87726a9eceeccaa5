// What a guest sees of its terminal; the test looks at it from the other side.

#include <unistd.h>

#include "../../guests/wasix.h"
#include "check.h"

struct tty {
    uint32_t cols, rows, width, height;
    uint8_t stdin_tty, stdout_tty, stderr_tty, echo, line_buffered, line_feeds, padding[2];
};

static uint32_t at(const void* pointer) { return (uint32_t)(uintptr_t)pointer; }

int main(int argc, char** argv) {
    CHECK(argc == 2);
    setvbuf(stdout, NULL, _IONBF, 0);
    struct tty tty = {0};
    const uint32_t error = wasix_tty_get(at(&tty));
    if (strcmp(argv[1], "show") == 0) {
        printf("tty %d%d%d ", isatty(0), isatty(1), isatty(2));
        if (error != 0) {
            printf("%u end\n", (unsigned)error);
            return 0;
        }
        printf("%ux%u %ux%u %d%d%d end\n", (unsigned)tty.cols, (unsigned)tty.rows,
               (unsigned)tty.width, (unsigned)tty.height, tty.stdin_tty, tty.echo,
               tty.line_buffered);
        return 0;
    }
    CHECK(error == 0);
    tty.echo = 0;
    tty.line_buffered = 0;
    CHECK(wasix_tty_set(at(&tty)) == 0);
    tty.echo = 1;
    CHECK(wasix_tty_get(at(&tty)) == 0 && tty.echo == 0 && tty.line_buffered == 0);
    printf("ready");
    if (strcmp(argv[1], "trap") == 0) {
        __builtin_trap();
    }
    char key = 0;
    CHECK(read(0, &key, 1) == 1);
    printf("got %c", key);
    return 3;
}
