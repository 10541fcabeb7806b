#define _GNU_SOURCE
#include "dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 10, SOURCE_ADDRESSES = 128 };

static bool is_loopback(struct in_addr address) { return ntohl(address.s_addr) >> 24 == 127; }

/*
 * The client closes first, as clients do, so its ports stay in TIME_WAIT for a minute. One address
 * has 28,000 ports, which a churn uses up in a second: loopback connections therefore come from
 * 127.0.0.1 ... 127.0.0.128 in turn. (A reset instead would spare the ports, but every server would
 * then be measured on its error path.)
 */
static int bind_source(int descriptor, const struct options *options, size_t number) {
    if (!is_loopback(options->server.sin_addr)) return 0;
    /* The port is chosen on connect: only then may it be one that another address uses. */
    int on = 1;
    if (setsockopt(descriptor, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0) return -1;
    struct sockaddr_in source = {.sin_family = AF_INET};
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(number % SOURCE_ADDRESSES));
    return bind(descriptor, (const struct sockaddr *)&source, sizeof source);
}

static int open_socket(struct run *run, size_t number, int flags) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (descriptor < 0) {
        run_fail(run, "socket: %s", strerror(errno));
        return -1;
    }
    int on = 1;
    if (setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        bind_source(descriptor, run->options, number) != 0) {
        run_fail(run, "socket options: %s", strerror(errno));
        close(descriptor);
        return -1;
    }
    return descriptor;
}

static int connect_socket(struct run *run, int descriptor) {
    const struct sockaddr_in *server = &run->options->server;
    if (descriptor < 0) return -1;
    if (connect(descriptor, (const struct sockaddr *)server, sizeof *server) != 0 &&
        errno != EINPROGRESS) {
        run_fail(run, "connect: %s", strerror(errno));
        close(descriptor);
        return -1;
    }
    return descriptor;
}

int dial(struct run *run, size_t number) {
    int descriptor = open_socket(run, number, 0);
    struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
    if (descriptor >= 0) {
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }
    return connect_socket(run, descriptor);
}

int dial_without_waiting(struct run *run, size_t number) {
    return connect_socket(run, open_socket(run, number, SOCK_NONBLOCK));
}
