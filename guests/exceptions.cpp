// C++ exceptions: built with both encodings of -fwasm-exceptions. `exceptions uncaught` throws out
// of main.
#include <stdio.h>
#include <string.h>

#include "cxx_runtime.h"

namespace {

struct NotFound {
    int key;
};
struct Broken {
    const char* what;
    ~Broken() { printf("~Broken %s\n", what); }
};

struct Guard {
    const char* name;
    ~Guard() { printf("~%s\n", name); }
};

[[gnu::noinline]] int look_up(int key) {
    const Guard guard{key % 2 == 0 ? "even" : "odd"};
    if (key > 10) {
        throw NotFound{key};
    }
    if (key < 0) {
        throw Broken{"negative"};
    }
    return key * 2;
}

[[gnu::noinline]] int find(int key) {
    try {
        return look_up(key);
    } catch (const NotFound& missing) {
        printf("not found: %d\n", missing.key);
        if (missing.key > 100) {
            throw;
        }
        return -1;
    }
}

void try_key(int key) {
    try {
        printf("find(%d) = %d\n", key, find(key));
    } catch (const Broken& broken) {
        printf("broken: %s\n", broken.what);
    } catch (...) {
        printf("something else\n");
    }
}

[[gnu::noinline]] int count_down(int depth) {
    if (depth == 0) {
        throw NotFound{depth};
    }
    return count_down(depth - 1) + 1;
}

/// Many throws, from a depth of 10 frames each.
int throw_often(int times) {
    int caught_ones = 0;
    for (int index = 0; index < times; ++index) {
        try {
            count_down(10);
        } catch (const NotFound&) {
            ++caught_ones;
        }
    }
    return caught_ones;
}

}  // namespace

int main(int argc, char** argv) {
    const int keys[] = {4, 11, 101, -3};
    for (const int key : keys) {
        try_key(key);
    }
    const int times = argc > 2 ? atoi(argv[2]) : 1000;
    printf("caught %d\n", throw_often(times));
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "uncaught") == 0) {
        look_up(12);
    }
    return 0;
}
