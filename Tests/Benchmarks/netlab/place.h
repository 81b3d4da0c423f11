#ifndef NETLAB_PLACE_H
#define NETLAB_PLACE_H

/* One end of the link: a network namespace without a name, so that it goes when nothing runs in it any more. */

#include <stdint.h>

struct place {
    int space; /* the namespace */
    int tun;   /* its end of the link: one IP packet a read or write, never blocks */
};

/* Makes a namespace and moves this process into it; its address and the other end's are IPv4. Ends the program with a
 * sentence when the kernel refuses. */
struct place place_make(const char *address, const char *other, unsigned mtu, const char *tcp);

/* Packets that the device dropped because this program did not read them in time. */
uint64_t place_overruns(const struct place *place);

_Noreturn void fail(const char *what);

#endif
