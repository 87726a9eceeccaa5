// The position of a file that threads share: of one that was open before there were any, and of one
// that was opened after. `positions DIRECTORY`

#include <fcntl.h>

#include "threads.h"

enum { kThreads = 4, kRecords = 500, kRecord = 8 };

struct part {
    int fd;
    char got[4];
};

static void read_part(void* argument) {
    struct part* part = argument;
    CHECK(read(part->fd, part->got, 3) == 3);
}

static void write_records(void* argument) {
    const int fd = *(const int*)argument;
    for (int i = 0; i < kRecords; ++i) {
        CHECK(write(fd, "record.\n", kRecord) == kRecord);
    }
}

/// Each of kThreads writes its records: none overwrites another's.
static void check_writing(int fd) {
    CHECK(ftruncate(fd, 0) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    struct thread* threads[kThreads];
    for (int i = 0; i < kThreads; ++i) {
        threads[i] = thread_start(write_records, &fd);
    }
    for (int i = 0; i < kThreads; ++i) {
        thread_join(threads[i]);
    }
    CHECK(lseek(fd, 0, SEEK_CUR) == kThreads * kRecords * kRecord);
    CHECK(lseek(fd, 0, SEEK_END) == kThreads * kRecords * kRecord);
    char record[kRecord];
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    for (int i = 0; i < kThreads * kRecords; ++i) {
        CHECK(read(fd, record, kRecord) == kRecord);
        CHECK(memcmp(record, "record.\n", kRecord) == 0);
    }
}

int main(int argc, char** argv) {
    CHECK(argc == 2);
    char path[256];
    snprintf(path, sizeof path, "%s/before", argv[1]);
    const int before = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(before >= 0);
    CHECK(write(before, "0123456789", 10) == 10);
    CHECK(lseek(before, 2, SEEK_SET) == 2);
    char got[4] = {0};
    CHECK(read(before, got, 2) == 2);
    struct part part = {before, {0}};
    thread_join(thread_start(read_part, &part));
    CHECK(strcmp(part.got, "456") == 0);
    CHECK(read(before, got, 3) == 3);
    CHECK(strcmp(got, "789") == 0);
    check_writing(before);

    snprintf(path, sizeof path, "%s/after", argv[1]);
    const int after = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(after >= 0);
    check_writing(after);
    return 0;
}
