/* Counts allocations: LD_PRELOAD this library, and each process keeps its count of malloc, calloc, realloc and their kin as
 * eight octets in $ALLOCATIONS_FOLDER/<pid>. `allocation_count` gives it to the process itself, by dlsym. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_uint_fast64_t before_file;
static atomic_uint_fast64_t *count = &before_file;

static void *counted(void *memory) {
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
    return memory;
}

uint64_t allocation_count(void);
uint64_t allocation_count(void) {
    return atomic_load_explicit(count, memory_order_relaxed);
}

void *malloc(size_t size) {
    return counted(__libc_malloc(size));
}

void *calloc(size_t number, size_t size) {
    return counted(__libc_calloc(number, size));
}

void *realloc(void *old, size_t size) {
    return counted(__libc_realloc(old, size));
}

void *memalign(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size) {
    return counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    *result = counted(__libc_memalign(alignment, size));
    return *result || size == 0 ? 0 : ENOMEM;
}

__attribute__((constructor)) static void share(void) {
    char path[512];
    const char *folder = getenv("ALLOCATIONS_FOLDER");
    if (!folder || snprintf(path, sizeof path, "%s/%d", folder, (int)getpid()) >= (int)sizeof path) {
        return;
    }
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0 || ftruncate(file, sizeof *count) < 0) {
        return;
    }
    void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (shared != MAP_FAILED) {
        count = shared;
    }
}
