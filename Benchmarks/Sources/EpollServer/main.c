/* What is left without any library: epoll, one thread, one read and one write for each message. */

#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "options.h"

enum { BACKLOG = 1024, EVENTS_PER_CALL = 256 };

struct server server;

static void check(bool holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "EpollServer: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* One for each event: level triggered, so that there is no call that finds nobody. */
static void accept_one(struct watched *listener, uint32_t events) {
    (void)events;
    int descriptor = accept4(listener->descriptor, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
        connection_open(descriptor);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        fprintf(stderr, "EpollServer: accept: %s\n", strerror(errno));
    }
}

static void end(struct watched *signals, uint32_t events) {
    (void)signals;
    (void)events;
    server.is_ending = true;
}

/* Thousands of idle connections do not fit the usual soft limit of 1,024 descriptors. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int termination_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    check(sigprocmask(SIG_BLOCK, &set, NULL) == 0, "sigprocmask");
    int descriptor = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    check(descriptor >= 0, "signalfd");
    return descriptor;
}

static int listening_socket(int port) {
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    check(descriptor >= 0, "socket");
    int on = 1;
    check(setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0, "reuse");
    /* Linux hands it down to the connections, which saves a call for each. */
    check(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0, "no delay");
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof address;
    check(bind(descriptor, (struct sockaddr *)&address, size) == 0, "bind");
    check(listen(descriptor, BACKLOG) == 0, "listen");
    check(getsockname(descriptor, (struct sockaddr *)&address, &size) == 0, "address");
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return descriptor;
}

static void serve(void) {
    static struct epoll_event events[EVENTS_PER_CALL];
    while (!server.is_ending) {
        int count = epoll_wait(server.poller, events, EVENTS_PER_CALL, -1);
        check(count >= 0 || errno == EINTR, "epoll_wait");
        for (int index = 0; index < count; index++) {
            struct watched *watched = events[index].data.ptr;
            watched->ready(watched, events[index].events);
        }
    }
}

int main(int count, char **arguments) {
    struct options options = parse_options(count, arguments);
    server.mode = options.mode;
    raise_descriptor_limit();
    server.poller = epoll_create1(EPOLL_CLOEXEC);
    check(server.poller >= 0, "epoll_create1");
    struct watched signals = {.descriptor = termination_signals(), .ready = end};
    watch(&signals, EPOLLIN);
    struct watched listener = {.descriptor = listening_socket(options.port), .ready = accept_one};
    watch(&listener, EPOLLIN);
    serve();
    while (server.connections != NULL) {
        struct connection *connection = server.connections;
        connection_close(connection);
        connection_sweep(connection);
    }
    close(listener.descriptor);
    close(signals.descriptor);
    close(server.poller);
    return 0;
}
