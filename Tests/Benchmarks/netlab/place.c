#define _GNU_SOURCE
#include "place.h"
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICE "link"
/* A burst of this many packets may come before this program runs. */
#define DEVICE_QUEUE 8192

_Noreturn void fail(const char *what) {
    fprintf(stderr, "error: %s: %s%s\n", what, strerror(errno),
            errno == EPERM || errno == EACCES ? " (netlab needs root that may make network namespaces)" : "");
    exit(1);
}

static void control(int socket, unsigned long request, struct ifreq *ask, const char *what) {
    if (ioctl(socket, request, ask) < 0) {
        fail(what);
    }
}

static void set_up(int socket, const char *device) {
    struct ifreq ask = {0};
    strncpy(ask.ifr_name, device, IFNAMSIZ - 1);
    control(socket, SIOCGIFFLAGS, &ask, device);
    ask.ifr_flags |= IFF_UP | IFF_RUNNING;
    control(socket, SIOCSIFFLAGS, &ask, device);
}

static void set_address(int socket, unsigned long request, const char *address) {
    struct ifreq ask = {.ifr_name = DEVICE};
    struct sockaddr_in *to = (struct sockaddr_in *)&ask.ifr_addr;
    to->sin_family = AF_INET;
    if (inet_pton(AF_INET, address, &to->sin_addr) != 1) {
        abort();
    }
    control(socket, request, &ask, address);
}

/* A setting of the namespace that this process is in. One that this kernel does not have is no failure. */
static void set(const char *path, const char *value) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT) {
        return;
    }
    if (file < 0 || write(file, value, strlen(value)) < 0) {
        fprintf(stderr, "error: %s cannot be written to %s: %s\n", value, path, strerror(errno));
        exit(1);
    }
    close(file);
}

static int open_tun(void) {
    int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (tun < 0) {
        fail("/dev/net/tun");
    }
    struct ifreq ask = {.ifr_name = DEVICE, .ifr_flags = IFF_TUN | IFF_NO_PI};
    control(tun, TUNSETIFF, &ask, "a TUN device");
    return tun;
}

struct place place_make(const char *address, const char *other, unsigned mtu, const char *tcp) {
    struct place place;
    if (unshare(CLONE_NEWNET) < 0) {
        fail("a network namespace");
    }
    place.space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int socket_of_space = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (place.space < 0 || socket_of_space < 0) {
        fail("a network namespace");
    }
    /* Nothing but what the programs send may draw from the seed. */
    set("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1");
    /* A connection starts without what an earlier one has learned. */
    set("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
    place.tun = open_tun();
    set_address(socket_of_space, SIOCSIFADDR, address);
    set_address(socket_of_space, SIOCSIFDSTADDR, other);
    struct ifreq ask = {.ifr_name = DEVICE, .ifr_mtu = (int)mtu};
    control(socket_of_space, SIOCSIFMTU, &ask, "the MTU");
    ask.ifr_qlen = DEVICE_QUEUE;
    control(socket_of_space, SIOCSIFTXQLEN, &ask, "the queue of the device");
    set_up(socket_of_space, "lo");
    set_up(socket_of_space, DEVICE);
    close(socket_of_space);
    if (tcp && route_set_congestion_control(DEVICE, other, address, tcp) < 0) {
        fprintf(stderr,
                "error: --tcp %s: %s (what this kernel has: /proc/sys/net/ipv4/tcp_available_congestion_control)\n",
                tcp, strerror(errno));
        exit(1);
    }
    return place;
}

uint64_t place_overruns(const struct place *place) {
    char line[512];
    uint64_t dropped = 0;
    FILE *devices = setns(place->space, CLONE_NEWNET) == 0 ? fopen("/proc/self/net/dev", "r") : NULL;
    if (!devices) {
        fail("/proc/self/net/dev");
    }
    while (fgets(line, sizeof line, devices)) {
        /* Eight numbers of what was received, then octets, packets, errors and drops of what was sent. */
        if (sscanf(line, " " DEVICE ": %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &dropped) == 1) {
            break;
        }
    }
    fclose(devices);
    return dropped;
}
