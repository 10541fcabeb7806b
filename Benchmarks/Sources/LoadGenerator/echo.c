#include <string.h>

#include "engine.h"
#include "message_ring.h"
#include "pattern.h"

/* A closed loop: `depth` messages are under way, each answer makes room for the next. */
struct echo_connection {
    struct connection head;
    /* Both in the pattern: the next byte to send and the next to receive. */
    uint64_t sending;
    uint64_t receiving;
    uint64_t unsent;
    /* Bytes of the oldest message that have come back. */
    uint64_t returned;
    struct message_ring pending;
};

static size_t connection_size(const struct run *run) {
    return sizeof(struct echo_connection) + run->options->depth * sizeof(uint64_t);
}

static void send_unsent(struct run *run, struct echo_connection *echo) {
    ssize_t sent = engine_send_pattern(run, &echo->head, echo->sending, echo->unsent);
    if (sent < 0) return;
    echo->sending += (uint64_t)sent;
    echo->unsent -= (uint64_t)sent;
    engine_await(run, &echo->head, echo->unsent > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void start_messages(struct run *run, struct echo_connection *echo, size_t count) {
    for (size_t index = 0; index < count; index++) message_ring_push(&echo->pending, run->now);
    echo->unsent += count * run->options->size;
    send_unsent(run, echo);
}

static void opened(struct run *run, struct connection *connection) {
    struct echo_connection *echo = (struct echo_connection *)connection;
    echo->sending = pattern_start(connection->index);
    echo->receiving = echo->sending;
    echo->pending.capacity = run->options->depth;
    start_messages(run, echo, run->options->depth);
}

static void receive(struct run *run, struct echo_connection *echo) {
    size_t size = run->options->size;
    ssize_t count = engine_receive(run, &echo->head);
    if (count <= 0) return;
    uint64_t received = (uint64_t)count;
    if (echo->receiving + received > echo->sending) {
        run_fail(run, "connection %zu: more bytes than were sent", echo->head.index);
        return;
    }
    if (run->options->verify &&
        memcmp(receive_buffer, pattern_at(echo->receiving), received) != 0) {
        run_fail(run, "connection %zu: other bytes than were sent", echo->head.index);
        return;
    }
    echo->receiving += received;
    echo->returned += received;
    size_t answered = 0;
    while (echo->returned >= size) {
        echo->returned -= size;
        answered++;
        operation_finished(run, message_ring_pop(&echo->pending), size);
    }
    if (run->phase != DRAINING) {
        if (answered > 0) start_messages(run, echo, answered);
    } else if (echo->pending.count == 0) {
        engine_retire(run, &echo->head);
    }
}

static void ready(struct run *run, struct connection *connection, uint32_t events) {
    struct echo_connection *echo = (struct echo_connection *)connection;
    if (events & EPOLLOUT) send_unsent(run, echo);
    if (events & ~(uint32_t)EPOLLOUT && !run->failed) receive(run, echo);
}

/* The answers under way end it: there is always at least one. */
static void drain(struct run *run, struct connection *connection) {
    (void)run;
    (void)connection;
}

const struct workload echo_workload = {
    .name = "echo",
    .unit = "message",
    .default_size = 64,
    .measure = engine_measure,
    .connection_size = connection_size,
    .opened = opened,
    .ready = ready,
    .drain = drain,
};
