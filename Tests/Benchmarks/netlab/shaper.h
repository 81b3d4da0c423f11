#ifndef NETLAB_SHAPER_H
#define NETLAB_SHAPER_H

/* One direction of a link: a drop-tail queue, a wire with a rate, random loss on it, and delay behind it. No input, no
 * output, no clock: times are nanoseconds that the caller gives. */

#include <stdbool.h>
#include <stdint.h>

struct shape {
    uint64_t rate;          /* bit/s of IP packets; 0: no limit */
    uint64_t delay;         /* ns, one way */
    uint64_t jitter;        /* ns; each packet waits up to so much longer, but never overtakes */
    double loss;            /* probability 0..1 that a packet sent is lost, after it has used the wire */
    uint64_t queue_octets;  /* what may wait for the wire; 0: no limit */
    uint64_t queue_packets; /* likewise */
};

struct packet {
    struct packet *next;
    uint64_t departs; /* when its last octet is on the wire */
    uint64_t arrives;
    bool lost;
    uint32_t length;
    unsigned char octets[];
};

struct counters {
    uint64_t packets; /* delivered */
    uint64_t octets;
    uint64_t lost;        /* on the wire, at random */
    uint64_t dropped;     /* the queue was full */
    uint64_t refused;     /* by the receiving device */
    uint64_t queue_peak;  /* octets */
    uint64_t queued;      /* ns, sum over the packets that found room */
    uint64_t queued_peak; /* ns */
    uint64_t late;        /* ns after its time that this program delivered, sum */
    uint64_t late_peak;   /* ns */
};

struct shaper {
    struct shape shape;
    uint64_t random;
    uint64_t free_at; /* when the wire has sent all that waits */
    uint64_t last_arrival;
    struct packet *first, *last; /* in order of arrival */
    struct packet *waiting;      /* the first that the wire has not sent yet, or null */
    uint64_t backlog_octets, backlog_packets;
    struct counters counters;
};

void shaper_init(struct shaper *shaper, struct shape shape, uint64_t seed);

/* Takes the packet, which stays the caller's when the answer is false: it was dropped. */
bool shaper_take(struct shaper *shaper, struct packet *packet, uint64_t now);

/* The next packet whose time has come, now the caller's; null if there is none. `lost` ones are to be freed only. */
struct packet *shaper_give(struct shaper *shaper, uint64_t now);

/* When the next packet arrives; UINT64_MAX when none is under way. */
uint64_t shaper_next(const struct shaper *shaper);

#endif
