#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "engine.h"

/* More than a socket ever holds: one call takes everything there is. */
enum { MOST_PER_CALL = 16 * 1024 * 1024 };

struct source_connection {
    struct connection head;
    uint64_t received;
    /* The first chunk, by which the others are verified; empty when they are not. */
    char chunk[];
};

static size_t connection_size(const struct run *run) {
    /* A multiple of what the head is aligned to, as the sizes of chunks need not be. */
    size_t alignment = _Alignof(struct source_connection);
    size_t chunk = run->options->verify ? run->options->size : 0;
    return sizeof(struct source_connection) + (chunk + alignment - 1) / alignment * alignment;
}

static void opened(struct run *run, struct connection *connection) {
    (void)run;
    (void)connection;
}

static void count_bytes(struct run *run, size_t count) {
    if (run->phase == MEASURING) run->bytes += count;
}

/*
 * A source sends the same chunk for ever: the first one is kept, and every later byte has to be
 * the one that came a chunk's size before it.
 */
static void verify(struct run *run, struct source_connection *source, size_t count) {
    size_t size = run->options->size;
    size_t taken = 0;
    while (taken < count) {
        size_t offset = (size_t)(source->received % size);
        size_t length = count - taken < size - offset ? count - taken : size - offset;
        const char *bytes = receive_buffer + taken;
        if (source->received < size) {
            memcpy(source->chunk + offset, bytes, length);
        } else if (memcmp(source->chunk + offset, bytes, length) != 0) {
            run_fail(run, "connection %zu: other bytes than in the first chunk",
                     source->head.index);
            return;
        }
        source->received += length;
        taken += length;
    }
    count_bytes(run, count);
}

static void discard(struct run *run, struct connection *connection) {
    /* On TCP, MSG_TRUNC discards without a copy: the client is then never the slower side. */
    ssize_t count = recv(connection->descriptor, NULL, MOST_PER_CALL, MSG_TRUNC);
    if (count > 0) {
        count_bytes(run, (size_t)count);
    } else if (count == 0) {
        run_fail(run, "connection %zu: the server closed the connection", connection->index);
    } else if (errno != EAGAIN) {
        run_fail(run, "connection %zu: receive: %s", connection->index, strerror(errno));
    }
}

static void ready(struct run *run, struct connection *connection, uint32_t events) {
    (void)events;
    if (!run->options->verify) {
        discard(run, connection);
        return;
    }
    ssize_t count = engine_receive(run, connection);
    if (count > 0) verify(run, (struct source_connection *)connection, (size_t)count);
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
