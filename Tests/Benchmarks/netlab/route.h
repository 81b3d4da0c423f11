#ifndef NETLAB_ROUTE_H
#define NETLAB_ROUTE_H

/* Makes the kernel's TCP use the congestion control `tcp` towards the IPv4 address `to`, through the device. By the
 * route, because a namespace's default may only be set to what the whole machine allows to everybody. 0, or -1 with
 * errno. */
int route_set_congestion_control(const char *device, const char *to, const char *from, const char *tcp);

#endif
