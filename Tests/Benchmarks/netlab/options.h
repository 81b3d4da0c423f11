#ifndef NETLAB_OPTIONS_H
#define NETLAB_OPTIONS_H

#include "shaper.h"

struct options {
    struct shape down, up; /* far to near, near to far */
    uint64_t seed;
    unsigned mtu;
    const char *tcp;      /* congestion control of the kernel's TCP in both namespaces, or null for its default */
    const char *counters; /* file for the counters; null for stderr */
    char **command;       /* ends with null */
};

/* Reads the command line; ends the program with a sentence and status 64 when it is wrong. */
struct options options_of(int argc, char **argv);

#endif
