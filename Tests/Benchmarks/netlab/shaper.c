#include "shaper.h"

#include <stddef.h>

void shaper_init(struct shaper *shaper, struct shape shape, uint64_t seed) {
    *shaper = (struct shaper){.shape = shape, .random = seed};
}

/* SplitMix64; its upper bits as a number in 0..<1. */
static double draw(struct shaper *shaper) {
    uint64_t z = shaper->random += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Takes off the backlog what the wire has sent by now. */
static void send_waiting(struct shaper *shaper, uint64_t now) {
    while (shaper->waiting && shaper->waiting->departs <= now) {
        shaper->backlog_octets -= shaper->waiting->length;
        shaper->backlog_packets--;
        shaper->waiting = shaper->waiting->next;
    }
}

static bool has_room(const struct shaper *shaper, uint32_t length) {
    const struct shape *shape = &shaper->shape;
    if (shaper->backlog_packets == 0) {
        return true;
    }
    return (shape->queue_octets == 0 || shaper->backlog_octets + length <= shape->queue_octets) &&
           (shape->queue_packets == 0 || shaper->backlog_packets < shape->queue_packets);
}

static void append(struct shaper *shaper, struct packet *packet) {
    packet->next = NULL;
    if (shaper->last && shaper->first) {
        shaper->last->next = packet;
    } else {
        shaper->first = packet;
    }
    shaper->last = packet;
    if (!shaper->waiting) {
        shaper->waiting = packet;
    }
    shaper->backlog_octets += packet->length;
    shaper->backlog_packets++;
    if (shaper->backlog_octets > shaper->counters.queue_peak) {
        shaper->counters.queue_peak = shaper->backlog_octets;
    }
}

bool shaper_take(struct shaper *shaper, struct packet *packet, uint64_t now) {
    const struct shape *shape = &shaper->shape;
    struct counters *counters = &shaper->counters;
    send_waiting(shaper, now);
    if (!has_room(shaper, packet->length)) {
        counters->dropped++;
        return false;
    }
    uint64_t start = shaper->free_at > now ? shaper->free_at : now;
    counters->queued += start - now;
    if (start - now > counters->queued_peak) {
        counters->queued_peak = start - now;
    }
    packet->departs = start + (shape->rate ? packet->length * UINT64_C(8000000000) / shape->rate : 0);
    shaper->free_at = packet->departs;
    /* Both drawn for every packet, so that one setting does not shift the other's sequence. */
    packet->lost = draw(shaper) < shape->loss;
    packet->arrives = packet->departs + shape->delay + (uint64_t)(draw(shaper) * (double)shape->jitter);
    if (packet->arrives < shaper->last_arrival) {
        packet->arrives = shaper->last_arrival;
    }
    shaper->last_arrival = packet->arrives;
    append(shaper, packet);
    return true;
}

struct packet *shaper_give(struct shaper *shaper, uint64_t now) {
    struct packet *packet = shaper->first;
    struct counters *counters = &shaper->counters;
    if (!packet || packet->arrives > now) {
        return NULL;
    }
    send_waiting(shaper, now);
    shaper->first = packet->next;
    if (packet->lost) {
        counters->lost++;
        return packet;
    }
    counters->packets++;
    counters->octets += packet->length;
    counters->late += now - packet->arrives;
    if (now - packet->arrives > counters->late_peak) {
        counters->late_peak = now - packet->arrives;
    }
    return packet;
}

uint64_t shaper_next(const struct shaper *shaper) {
    return shaper->first ? shaper->first->arrives : UINT64_MAX;
}
