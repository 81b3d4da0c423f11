/* Two network namespaces joined by a shaped link, and a command that runs in one of them. See options.c for the usage.
 */
#define _GNU_SOURCE
#include "options.h"
#include "place.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What is read at most before packets are delivered again. */
#define BURST 64
#define LARGEST_PACKET 65536
#define SECOND UINT64_C(1000000000)

static const struct timespec forever = {.tv_sec = 3600};

struct way {
    struct shaper shaper;
    int from, to;
};

/* Packets that are done with, to be used again while they are in the cache. */
static struct packet *spare;
static size_t packet_size;

static volatile sig_atomic_t ended, signal_to_pass;

static void on_signal(int number) {
    if (number == SIGCHLD) {
        ended = 1;
    } else {
        signal_to_pass = number;
    }
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static struct packet *take_packet(void) {
    struct packet *packet = spare;
    if (packet) {
        spare = packet->next;
    } else if (!(packet = malloc(packet_size))) {
        fail("memory for packets");
    }
    return packet;
}

static void leave_packet(struct packet *packet) {
    packet->next = spare;
    spare = packet;
}

/* Whether there may be more to read. */
static bool receive(struct way *way) {
    for (int count = 0; count < BURST; count++) {
        struct packet *packet = take_packet();
        ssize_t length = read(way->from, packet->octets, packet_size - sizeof *packet);
        if (length <= 0) {
            leave_packet(packet);
            return false;
        }
        packet->length = (uint32_t)length;
        if (!shaper_take(&way->shaper, packet, now())) {
            leave_packet(packet);
        }
    }
    return true;
}

static void deliver(struct way *way) {
    struct packet *packet;
    while ((packet = shaper_give(&way->shaper, now()))) {
        if (!packet->lost && write(way->to, packet->octets, packet->length) < 0) {
            way->shaper.counters.refused++;
        }
        leave_packet(packet);
    }
}

static struct timespec time_until(uint64_t when) {
    uint64_t time = now(), left = when > time ? when - time : 0;
    if (left > 3600 * SECOND) {
        return forever;
    }
    return (struct timespec){.tv_sec = (time_t)(left / SECOND), .tv_nsec = (long)(left % SECOND)};
}

/* Carries packets until the command has ended; passes signals on to it. */
static void run(struct way *down, struct way *up, pid_t command, const sigset_t *wait_mask) {
    struct pollfd files[] = {{.fd = down->from, .events = POLLIN}, {.fd = up->from, .events = POLLIN}};
    while (!ended) {
        bool more = receive(down);
        more |= receive(up);
        deliver(down);
        deliver(up);
        uint64_t next_down = shaper_next(&down->shaper), next_up = shaper_next(&up->shaper);
        struct timespec wait = more ? (struct timespec){0} : time_until(next_down < next_up ? next_down : next_up);
        if (ppoll(files, 2, &wait, wait_mask) < 0 && errno != EINTR) {
            fail("waiting for packets");
        }
        if (signal_to_pass) {
            kill(command, signal_to_pass);
            signal_to_pass = 0;
        }
    }
}

static void print_way(FILE *file, const char *name, const struct way *way, const struct place *sender) {
    const struct counters *c = &way->shaper.counters;
    double taken = (double)(c->packets + c->lost ? c->packets + c->lost : 1);
    fprintf(file,
            "\"%s\": {\"packets\": %" PRIu64 ", \"octets\": %" PRIu64 ", \"lost\": %" PRIu64 ", \"dropped\": %" PRIu64
            ", \"overruns\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"queue_peak_octets\": %" PRIu64
            ", \"queued_ms_mean\": %.3f, \"queued_ms_peak\": %.3f, \"late_ms_mean\": %.4f, \"late_ms_peak\": %.3f}",
            name, c->packets, c->octets, c->lost, c->dropped, place_overruns(sender), c->refused, c->queue_peak,
            (double)c->queued / taken / 1e6, (double)c->queued_peak / 1e6, (double)c->late / taken / 1e6,
            (double)c->late_peak / 1e6);
}

static void export_place(const char *name, const struct place *place) {
    char text[96];
    snprintf(text, sizeof text, "nsenter --net=/proc/%d/fd/%d", (int)getpid(), place->space);
    setenv(name, text, 1);
}

static pid_t start(char **command, const struct place *near, const sigset_t *mask) {
    pid_t parent = getpid(), child = fork();
    if (child < 0) {
        fail("a process for the command");
    }
    if (child > 0) {
        return child;
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) {
        _exit(1);
    }
    if (setns(near->space, CLONE_NEWNET) < 0) {
        fail("entering the namespace");
    }
    execvp(command[0], command);
    fprintf(stderr, "error: %s: %s\n", command[0], strerror(errno));
    _exit(127);
}

/* Ends what the command left running, so that the namespaces go; this process adopts such orphans. */
static void end_orphans(void) {
    char path[64], line[4096];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    for (int round = 0; round < 100; round++) {
        FILE *children = fopen(path, "r");
        bool any = children && fgets(line, sizeof line, children);
        if (children) {
            fclose(children);
        }
        if (!any) {
            return;
        }
        for (char *word = strtok(line, " "); word; word = strtok(NULL, " ")) {
            kill((pid_t)atoi(word), round < 50 ? SIGTERM : SIGKILL);
        }
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        while (waitpid(-1, NULL, WNOHANG) > 0) {
        }
    }
}

/* Before everything else that runs here: a packet's time is kept while all cores are busy. */
static void take_precedence(void) {
    struct sched_param priority = {.sched_priority = 10};
    prctl(PR_SET_TIMERSLACK, 1UL);
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) < 0) {
        fprintf(stderr, "warning: no real-time priority: packets may be late when all cores are busy\n");
    }
}

int main(int argc, char **argv) {
    struct options options = options_of(argc, argv);
    sigset_t blocked, before;
    sigemptyset(&blocked);
    int signals[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP};
    for (int index = 0; index < 4; index++) {
        sigaddset(&blocked, signals[index]);
        sigaction(signals[index], &(struct sigaction){.sa_handler = on_signal}, NULL);
    }
    sigprocmask(SIG_BLOCK, &blocked, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1UL);

    packet_size = sizeof(struct packet) + (options.mtu > 2048 ? LARGEST_PACKET : 2048);
    struct place near = place_make("192.0.2.1", "192.0.2.2", options.mtu, options.tcp);
    struct place far = place_make("192.0.2.2", "192.0.2.1", options.mtu, options.tcp);
    struct way down = {.from = far.tun, .to = near.tun}, up = {.from = near.tun, .to = far.tun};
    shaper_init(&down.shaper, options.down, options.seed);
    shaper_init(&up.shaper, options.up, ~options.seed);
    export_place("NETLAB_NEAR", &near);
    export_place("NETLAB_FAR", &far);
    pid_t command = start(options.command, &near, &before);
    take_precedence();

    int status = 0;
    do {
        ended = 0;
        run(&down, &up, command, &before);
    } while (waitpid(command, &status, WNOHANG) != command);
    end_orphans();
    FILE *file = options.counters ? fopen(options.counters, "w") : stderr;
    if (!file) {
        fail(options.counters);
    }
    fputc('{', file);
    print_way(file, "down", &down, &far);
    fputs(", ", file);
    print_way(file, "up", &up, &near);
    fputs("}\n", file);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
