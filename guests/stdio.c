// What the C library does with standard input, output and error: echoes stdin in upper case to
// stdout, counts its bytes on stderr, prints its arguments and the variable GREETING, exits with 3.

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        printf("argument %d: %s\n", i, argv[i]);
    }
    const char* greeting = getenv("GREETING");
    printf("greeting: %s\n", greeting == NULL ? "(none)" : greeting);
    printf("terminal: %d%d%d\n", isatty(0), isatty(1), isatty(2));
    printf("time passes: %d\n", time(NULL) > 1700000000);
    long count = 0;
    for (int c = getchar(); c != EOF; c = getchar()) {
        putchar(toupper(c));
        ++count;
    }
    fprintf(stderr, "%ld bytes\n", count);
    return 3;
}
