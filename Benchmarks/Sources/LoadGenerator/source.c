#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "engine.h"

/* More than a socket ever holds: one call takes everything there is. */
enum { MOST_PER_CALL = 16 * 1024 * 1024 };

static size_t connection_size(const struct run *run) {
    (void)run;
    return sizeof(struct connection);
}

static void opened(struct run *run, struct connection *connection) {
    (void)run;
    (void)connection;
}

static void ready(struct run *run, struct connection *connection, uint32_t events) {
    (void)events;
    /* On TCP, MSG_TRUNC discards without a copy: the client is then never the slower side. */
    ssize_t count = recv(connection->descriptor, NULL, MOST_PER_CALL, MSG_TRUNC);
    if (count > 0) {
        if (run->phase == MEASURING) run->bytes += (uint64_t)count;
    } else if (count == 0) {
        run_fail(run, "connection %zu: the server closed the connection", connection->index);
    } else if (errno != EAGAIN) {
        run_fail(run, "connection %zu: receive: %s", connection->index, strerror(errno));
    }
}

const struct workload source_workload = {
    .name = "source",
    .unit = "MiB",
    .default_size = 64 * 1024,
    .measure = engine_measure,
    .connection_size = connection_size,
    .opened = opened,
    .ready = ready,
    .drain = engine_retire,
};
