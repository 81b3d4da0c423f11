#define _GNU_SOURCE
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char usage[] =
    "usage: scripts/netlab [options] -- COMMAND...\n"
    "Runs COMMAND at the near end (192.0.2.1) of a shaped link between two network namespaces; $NETLAB_FAR before a\n"
    "command runs it at the far end (192.0.2.2), $NETLAB_NEAR at the near one. Needs root. The counters come at the "
    "end.\n"
    "  --rate R         of IP packets: 100mbit, 1gbit, 250kbit, none (100mbit)\n"
    "  --delay T        one way: 25ms, 200us (25ms)\n"
    "  --jitter T       each packet up to so much later, in order (0)\n"
    "  --loss P         of packets, at random, on the wire: 1% (0%)\n"
    "  --queue Q        drop-tail, before the wire: 512KiB, 100p for packets, none (one round trip at the rate)\n"
    "  --mtu N          (1500)\n"
    "  --seed N         of loss and jitter (1)\n"
    "  --tcp NAME       congestion control of the kernel's TCP at both ends: cubic, bbr\n"
    "  --counters FILE  where the counters go, one JSON object (stderr)\n"
    "Two values with a comma between are far to near, near to far: --rate 100mbit,10mbit\n";

static _Noreturn void wrong(const char *option, const char *text, const char *wanted) {
    fprintf(stderr, "error: --%s %s: not %s\n%s", option, text, wanted, usage);
    exit(64);
}

struct unit {
    const char *name;
    double factor;
};

/* A number with one of the units; a negative number when it is something else. */
static double quantity(const char *text, const struct unit *units) {
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || errno || !(value >= 0) || value > 1e15) {
        return -1;
    }
    for (; units->name; units++) {
        if (strcasecmp(end, units->name) == 0) {
            return value * units->factor;
        }
    }
    return value == 0 && *end == 0 ? 0 : -1;
}

static void set_rate(struct shape *shape, const char *text) {
    static const struct unit units[] = {{"bit", 1}, {"kbit", 1e3}, {"mbit", 1e6}, {"gbit", 1e9}, {NULL, 0}};
    double value = strcmp(text, "none") == 0 ? 0 : quantity(text, units);
    if (value < 0 || (value > 0 && value < 1000)) {
        wrong("rate", text, "a rate such as 100mbit, at least 1kbit, or none");
    }
    shape->rate = (uint64_t)value;
}

static uint64_t time_of(const char *option, const char *text) {
    static const struct unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {NULL, 0}};
    double value = quantity(text, units);
    if (value < 0 || value > 1e11) {
        wrong(option, text, "a time such as 25ms, at most 100s");
    }
    return (uint64_t)value;
}

static void set_delay(struct shape *shape, const char *text) {
    shape->delay = time_of("delay", text);
}

static void set_jitter(struct shape *shape, const char *text) {
    shape->jitter = time_of("jitter", text);
}

static void set_loss(struct shape *shape, const char *text) {
    static const struct unit units[] = {{"%", 0.01}, {NULL, 0}};
    shape->loss = quantity(text, units);
    if (shape->loss < 0 || shape->loss > 1) {
        wrong("loss", text, "a share such as 0.1%");
    }
}

#define OF_LINK UINT64_MAX

static void set_queue(struct shape *shape, const char *text) {
    static const struct unit octets[] = {{"B", 1},    {"kB", 1e3},      {"KiB", 1024},
                                         {"MB", 1e6}, {"MiB", 1048576}, {NULL, 0}};
    static const struct unit packets[] = {{"p", 1}, {NULL, 0}};
    shape->queue_octets = shape->queue_packets = 0;
    if (strcmp(text, "none") == 0) {
        return;
    }
    double count = quantity(text, packets), size = quantity(text, octets);
    if (count < 1 && size < 1) {
        wrong("queue", text, "a size such as 512KiB, a number of packets such as 100p, or none");
    }
    shape->queue_packets = count >= 1 ? (uint64_t)count : 0;
    shape->queue_octets = size >= 1 ? (uint64_t)size : 0;
}

static void set_both(struct options *options, const char *text, void (*set)(struct shape *, const char *)) {
    const char *comma = strchr(text, ',');
    char *down = comma ? strndup(text, (size_t)(comma - text)) : strdup(text);
    if (!down) {
        abort();
    }
    set(&options->down, down);
    set(&options->up, comma ? comma + 1 : down);
    free(down);
}

static uint64_t number(const char *option, const char *text, uint64_t low, uint64_t high) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end || errno || *text == '-' || value < low || value > high) {
        wrong(option, text, "a number in range");
    }
    return value;
}

/* A queue that was not given holds what the link carries in a round trip, and never less than 64 KiB. */
static void choose_queue(struct shape *shape, uint64_t round_trip) {
    if (shape->queue_octets == OF_LINK) {
        uint64_t product = (uint64_t)((double)shape->rate / 8 * (double)round_trip / 1e9);
        shape->queue_octets = shape->rate == 0 ? 0 : product > 65536 ? product : 65536;
    }
}

struct options options_of(int argc, char **argv) {
    static const struct option names[] = {
        {"rate", required_argument, NULL, 'r'},
        {"delay", required_argument, NULL, 'd'},
        {"jitter", required_argument, NULL, 'j'},
        {"loss", required_argument, NULL, 'l'},
        {"queue", required_argument, NULL, 'q'},
        {"mtu", required_argument, NULL, 'm'},
        {"seed", required_argument, NULL, 's'},
        {"tcp", required_argument, NULL, 't'},
        {"counters", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    struct shape usual = {.rate = 100000000, .delay = 25000000, .queue_octets = OF_LINK};
    struct options options = {.down = usual, .up = usual, .seed = 1, .mtu = 1500};
    int option;
    while ((option = getopt_long(argc, argv, "+", names, NULL)) != -1) {
        switch (option) {
        case 'r':
            set_both(&options, optarg, set_rate);
            break;
        case 'd':
            set_both(&options, optarg, set_delay);
            break;
        case 'j':
            set_both(&options, optarg, set_jitter);
            break;
        case 'l':
            set_both(&options, optarg, set_loss);
            break;
        case 'q':
            set_both(&options, optarg, set_queue);
            break;
        case 'm':
            options.mtu = (unsigned)number("mtu", optarg, 576, 65535);
            break;
        case 's':
            options.seed = number("seed", optarg, 0, UINT64_MAX);
            break;
        case 't':
            options.tcp = optarg;
            break;
        case 'c':
            options.counters = optarg;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(64);
        }
    }
    if (!argv[optind]) {
        fprintf(stderr, "error: there is no command to run\n%s", usage);
        exit(64);
    }
    options.command = argv + optind;
    uint64_t round_trip = options.down.delay + options.up.delay;
    choose_queue(&options.down, round_trip);
    choose_queue(&options.up, round_trip);
    return options;
}
