/*
 * Runs a fuzz target over files, each cut at every length, with an inaccessible page right behind the last octet: a
 * decoder that reads one octet too many dies. Cut packets are tried a second time with an outer TLV-LENGTH that fits, so
 * that what is inside them ends early as well.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

enum {
    LARGEST_INPUT = 1 << 16
};

static uint8_t *end_of_memory(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory = mmap(NULL, LARGEST_INPUT + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(memory != MAP_FAILED && mprotect(memory + LARGEST_INPUT, page, PROT_NONE) == 0);
    return memory + LARGEST_INPUT;
}

static void refit(uint8_t *packet, size_t length) {
    if (length >= 2 && packet[0] < 0xFD && packet[1] < 0xFD && length - 2 < 0xFD) {
        packet[1] = (uint8_t)(length - 2);
    } else if (length >= 4 && packet[0] < 0xFD && packet[1] == 0xFD) {
        cndn_store(packet + 2, length - 4, 2);
    }
}

static void try_all(const uint8_t *input, size_t length, uint8_t *end) {
    for (size_t n = 0; n <= length; n++) {
        memcpy(end - n, input, n);
        LLVMFuzzerTestOneInput(end - n, n);
        refit(end - n, n);
        LLVMFuzzerTestOneInput(end - n, n);
    }
}

static bool try_file(const char *path, uint8_t *end) {
    static uint8_t input[LARGEST_INPUT];
    FILE *file = fopen(path, "rb");
    if (!file) {
        return false;
    }
    size_t length = fread(input, 1, sizeof input, file);
    fclose(file);
    try_all(input, length, end);
    return true;
}

int main(int argc, char **argv) {
    uint8_t *end = end_of_memory();
    int files = 0;
    for (int i = 1; i < argc; i++) {
        DIR *directory = opendir(argv[i]);
        MUST(directory);
        for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
            char path[4096];
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            files += entry->d_name[0] != '.' && try_file(path, end);
        }
        closedir(directory);
    }
    printf("%d inputs, each cut at every length\n", files);
    return files > 0 ? 0 : 1;
}
