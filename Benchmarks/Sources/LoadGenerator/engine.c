#define _GNU_SOURCE
#include "engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dial.h"
#include "pattern.h"

enum { EVENTS_PER_POLL = 256, DRAIN_SECONDS = 15 };

static const uint64_t SECOND = 1000000000;

char receive_buffer[RECEIVE_BUFFER_SIZE];

void engine_adopt(struct run *run, struct connection *connection, int descriptor, uint32_t events) {
    connection->descriptor = descriptor;
    connection->interest = events;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(run->poller, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        run_fail(run, "epoll_ctl: %s", strerror(errno));
    }
}

void engine_await(struct run *run, struct connection *connection, uint32_t events) {
    if (connection->interest == events) return;
    connection->interest = events;
    struct epoll_event event = {.events = events, .data.ptr = connection};
    if (epoll_ctl(run->poller, EPOLL_CTL_MOD, connection->descriptor, &event) != 0) {
        run_fail(run, "epoll_ctl: %s", strerror(errno));
    }
}

void engine_close(struct connection *connection) {
    if (connection->descriptor >= 0) close(connection->descriptor);
    connection->descriptor = -1;
}

void engine_retire(struct run *run, struct connection *connection) {
    engine_close(connection);
    run->remaining--;
}

ssize_t engine_send(struct run *run, struct connection *connection, const struct iovec *parts,
                    size_t count) {
    struct msghdr message = {.msg_iov = (struct iovec *)parts, .msg_iovlen = count};
    ssize_t sent = sendmsg(connection->descriptor, &message, MSG_NOSIGNAL);
    if (sent >= 0) return sent;
    if (errno == EAGAIN) return 0;
    run_fail(run, "connection %zu: send: %s", connection->index, strerror(errno));
    return -1;
}

ssize_t engine_send_pattern(struct run *run, struct connection *connection, uint64_t position,
                            uint64_t length) {
    uint64_t total = 0;
    while (total < length) {
        uint64_t wanted = length - total < SEND_WINDOW ? length - total : SEND_WINDOW;
        struct iovec part = {(void *)pattern_at(position + total), wanted};
        ssize_t sent = engine_send(run, connection, &part, 1);
        if (sent < 0) return -1;
        total += (uint64_t)sent;
        if ((uint64_t)sent < wanted) break;
    }
    return (ssize_t)total;
}

ssize_t engine_receive(struct run *run, struct connection *connection) {
    ssize_t count = recv(connection->descriptor, receive_buffer, RECEIVE_BUFFER_SIZE, 0);
    run->now = monotonic_time();
    if (count > 0) return count;
    if (count < 0 && errno == EAGAIN) return 0;
    const char *reason = count == 0 ? "the server closed the connection" : strerror(errno);
    run_fail(run, "connection %zu: receive: %s", connection->index, reason);
    return -1;
}

static struct connection *connection_at(const struct run *run, char *connections, size_t index) {
    return (struct connection *)(connections +
                                 index * run->options->workload->connection_size(run));
}

static void connect_and_watch(struct run *run, struct connection *connection) {
    int descriptor = dial(run, connection->index);
    if (descriptor < 0) return;
    if (fcntl(descriptor, F_SETFL, O_NONBLOCK) != 0) {
        run_fail(run, "fcntl: %s", strerror(errno));
    }
    engine_adopt(run, connection, descriptor, EPOLLIN);
}

static void open_all(struct run *run, char *connections) {
    const struct workload *workload = run->options->workload;
    run->now = monotonic_time();
    for (size_t index = 0; index < run->options->connections; index++) {
        struct connection *connection = connection_at(run, connections, index);
        connection->descriptor = -1;
        connection->index = run->first_number + index;
        if (!workload->dials_itself) connect_and_watch(run, connection);
        if (run->failed) return;
        workload->opened(run, connection);
    }
}

static void poll_once(struct run *run, uint64_t deadline) {
    struct epoll_event events[EVENTS_PER_POLL];
    int milliseconds = (int)((deadline - run->now) / 1000000) + 1;
    int count = epoll_wait(run->poller, events, EVENTS_PER_POLL, milliseconds);
    if (count < 0 && errno != EINTR) run_fail(run, "epoll_wait: %s", strerror(errno));
    run->now = monotonic_time();
    for (int index = 0; index < count && !run->failed; index++) {
        run->options->workload->ready(run, events[index].data.ptr, events[index].events);
    }
}

/* Until the time is over, nothing remains, or something fails. */
static void poll_for(struct run *run, double seconds) {
    run->now = monotonic_time();
    uint64_t deadline = run->now + (uint64_t)(seconds * (double)SECOND);
    while (run->now < deadline && run->remaining > 0 && !run->failed) poll_once(run, deadline);
}

/* Every request still under way must be answered: a server that loses bytes is found here. */
static void drain_all(struct run *run, char *connections) {
    for (size_t index = 0; index < run->options->connections && !run->failed; index++) {
        run->options->workload->drain(run, connection_at(run, connections, index));
    }
    poll_for(run, DRAIN_SECONDS);
    if (!run->failed && run->remaining > 0) {
        run_fail(run, "%zu connections did not come to their end within %d s", run->remaining,
                 DRAIN_SECONDS);
    }
}

void engine_measure(struct run *run) {
    const struct options *options = run->options;
    size_t size = options->workload->connection_size(run);
    char *connections = allocate_or_exit(options->connections * size);
    run->remaining = options->connections;
    run->poller = epoll_create1(EPOLL_CLOEXEC);
    if (run->poller < 0) run_fail(run, "epoll_create1: %s", strerror(errno));
    if (!run->failed) open_all(run, connections);
    /* Before the warm-up: answers lie unread meanwhile, which must not become their latency. */
    if (!run->failed && run->wait_for_others != NULL) run->wait_for_others();
    if (!run->failed) poll_for(run, options->warmup);
    if (!run->failed) window_open(run);
    if (!run->failed) poll_for(run, options->seconds);
    if (!run->failed) window_close(run);
    if (!run->failed) drain_all(run, connections);
    if (!run->failed && run->bytes == 0) run_fail(run, "nothing was completed in the window");
    /* The process ends next: that closes what a failure has left open. */
    free(connections);
    close(run->poller);
}
