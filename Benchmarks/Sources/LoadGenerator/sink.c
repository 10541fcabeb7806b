#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "engine.h"
#include "pattern.h"

/* Other connections get their turn after so many writes, and the end of the run is noticed. */
enum { WRITES_PER_EVENT = 16 };

/* So many bytes may wait in the socket's buffer until the server's window opens. Without a bound
 * they are megabytes once the server has fallen behind; each of its reads then sends more of them,
 * in its own system call, and costs it twice as much: chance would say in which runs. */
enum { UNSENT_BYTES = 64 * 1024 };

struct sink_connection {
    struct connection head;
    uint64_t position;
};

static size_t connection_size(const struct run *run) {
    (void)run;
    return sizeof(struct sink_connection);
}

static void opened(struct run *run, struct connection *connection) {
    ((struct sink_connection *)connection)->position = pattern_start(connection->index);
    int unsent = UNSENT_BYTES;
    if (setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent,
                   sizeof unsent) != 0) {
        run_fail(run, "TCP_NOTSENT_LOWAT: %s", strerror(errno));
        return;
    }
    engine_await(run, connection, EPOLLIN | EPOLLOUT);
}

static void send_more(struct run *run, struct sink_connection *sink) {
    size_t size = run->options->size;
    for (int write = 0; write < WRITES_PER_EVENT; write++) {
        struct iovec part = {(void *)pattern_at(sink->position), size};
        ssize_t sent = engine_send(run, &sink->head, &part, 1);
        if (sent < 0) return;
        sink->position += (uint64_t)sent;
        if (run->phase == MEASURING) run->bytes += (uint64_t)sent;
        if ((size_t)sent < size) return;
    }
}

/* The server says nothing and closes when the client has sent all: anything else is wrong. */
static void receive(struct run *run, struct connection *connection) {
    ssize_t count = recv(connection->descriptor, receive_buffer, RECEIVE_BUFFER_SIZE, 0);
    if (count == 0 && run->phase == DRAINING) {
        engine_retire(run, connection);
    } else if (count >= 0) {
        run_fail(run, "connection %zu: %s", connection->index,
                 count == 0 ? "the server closed the connection" : "unexpected bytes");
    } else if (errno != EAGAIN) {
        run_fail(run, "connection %zu: receive: %s", connection->index, strerror(errno));
    }
}

static void ready(struct run *run, struct connection *connection, uint32_t events) {
    if (events & ~(uint32_t)EPOLLOUT) receive(run, connection);
    if (events & EPOLLOUT && run->phase != DRAINING && !run->failed) {
        send_more(run, (struct sink_connection *)connection);
    }
}

static void drain(struct run *run, struct connection *connection) {
    if (shutdown(connection->descriptor, SHUT_WR) != 0) {
        run_fail(run, "connection %zu: shutdown: %s", connection->index, strerror(errno));
        return;
    }
    engine_await(run, connection, EPOLLIN);
}

const struct workload sink_workload = {
    .name = "sink",
    .unit = "MiB",
    .default_size = 64 * 1024,
    .measure = engine_measure,
    .connection_size = connection_size,
    .opened = opened,
    .ready = ready,
    .drain = drain,
};
