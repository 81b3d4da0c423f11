#define _GNU_SOURCE
#include "route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct request {
    struct nlmsghdr head;
    struct rtmsg route;
    char attributes[256];
};

static void *append(struct request *request, unsigned short type, const void *value, size_t length) {
    struct rtattr *attribute = (void *)((char *)request + NLMSG_ALIGN(request->head.nlmsg_len));
    attribute->rta_type = type;
    attribute->rta_len = (unsigned short)RTA_LENGTH(length);
    memcpy(RTA_DATA(attribute), value, length);
    request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + RTA_ALIGN(attribute->rta_len);
    return attribute;
}

static void append_metrics(struct request *request, const char *tcp) {
    struct {
        struct rtattr head;
        char name[32];
    } algorithm = {.head = {.rta_type = RTAX_CC_ALGO}};
    strncpy(algorithm.name, tcp, sizeof algorithm.name - 1);
    algorithm.head.rta_len = (unsigned short)RTA_LENGTH(strlen(algorithm.name) + 1);
    append(request, RTA_METRICS, &algorithm, algorithm.head.rta_len);
}

/* Sends the request to the kernel and reads its answer. */
static int ask(const struct request *request) {
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char echo[512];
    } answer = {.error.error = -EPROTO};
    int socket_of_kernel = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (socket_of_kernel < 0) {
        return -1;
    }
    ssize_t length = send(socket_of_kernel, request, request->head.nlmsg_len, 0);
    length = length < 0 ? length : recv(socket_of_kernel, &answer, sizeof answer, 0);
    int kept = errno;
    close(socket_of_kernel);
    errno = length < 0 ? kept : -answer.error.error;
    return length < 0 || answer.error.error ? -1 : 0;
}

int route_set_congestion_control(const char *device, const char *to, const char *from, const char *tcp) {
    struct request request = {
        .head = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
                 .nlmsg_type = RTM_NEWROUTE,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_REPLACE | NLM_F_CREATE | NLM_F_ACK},
        .route = {.rtm_family = AF_INET,
                  .rtm_dst_len = 32,
                  .rtm_table = RT_TABLE_MAIN,
                  .rtm_protocol = RTPROT_KERNEL,
                  .rtm_scope = RT_SCOPE_LINK,
                  .rtm_type = RTN_UNICAST},
    };
    struct in_addr destination, source;
    unsigned index = if_nametoindex(device);
    if (index == 0 || inet_pton(AF_INET, to, &destination) != 1 || inet_pton(AF_INET, from, &source) != 1) {
        return -1;
    }
    append(&request, RTA_DST, &destination, sizeof destination);
    append(&request, RTA_PREFSRC, &source, sizeof source);
    append(&request, RTA_OIF, &index, sizeof index);
    append_metrics(&request, tcp);
    return ask(&request);
}
