#ifndef TARGET_H
#define TARGET_H

#include <stdio.h>
#include <stdlib.h>

#include "cndn.h"

/* A fuzz target: each file beside this one defines it. */
int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length);

/* Ends the process if something that must hold does not. */
#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                             \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* Reads every octet of a span, so that a sanitizer or a guard page objects to one outside the input. */
static inline unsigned touch(const uint8_t *base, size_t length, cndn_span span) {
    unsigned sum = 0;
    MUST((size_t)span.offset + span.length <= length);
    for (size_t i = 0; i < span.length; i++) {
        sum += base[span.offset + i];
    }
    return sum;
}

#endif
