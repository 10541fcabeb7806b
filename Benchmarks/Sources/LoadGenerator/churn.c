#include <string.h>

#include "dial.h"
#include "engine.h"
#include "pattern.h"

/* A place for one connection after another: connect, one message there and back, close. */
struct churn_connection {
    struct connection head;
    size_t generation;
    uint64_t started;
    uint64_t start;
    uint64_t sent;
    uint64_t received;
};

static size_t connection_size(const struct run *run) {
    (void)run;
    return sizeof(struct churn_connection);
}

static void send_unsent(struct run *run, struct churn_connection *churn) {
    uint64_t unsent = run->options->size - churn->sent;
    ssize_t sent = engine_send_pattern(run, &churn->head, churn->start + churn->sent, unsent);
    if (sent < 0) return;
    churn->sent += (uint64_t)sent;
    bool complete = churn->sent == run->options->size;
    engine_await(run, &churn->head, complete ? EPOLLIN : EPOLLIN | EPOLLOUT);
}

static void connect_again(struct run *run, struct churn_connection *churn) {
    size_t number = churn->head.index + churn->generation++ * run->options->connections;
    churn->started = run->now;
    churn->start = pattern_start(number);
    churn->sent = 0;
    churn->received = 0;
    int descriptor = dial_without_waiting(run, number);
    if (descriptor < 0) return;
    engine_adopt(run, &churn->head, descriptor, EPOLLIN);
    /* Over loopback the connection stands when connect returns; elsewhere this waits for it. */
    if (!run->failed) send_unsent(run, churn);
}

static void opened(struct run *run, struct connection *connection) {
    connect_again(run, (struct churn_connection *)connection);
}

static void receive(struct run *run, struct churn_connection *churn) {
    size_t size = run->options->size;
    ssize_t count = engine_receive(run, &churn->head);
    if (count <= 0) return;
    if (churn->received + (uint64_t)count > churn->sent) {
        run_fail(run, "connection %zu: more bytes than were sent", churn->head.index);
        return;
    }
    const char *expected = pattern_at(churn->start + churn->received);
    if (run->options->verify && memcmp(receive_buffer, expected, (size_t)count) != 0) {
        run_fail(run, "connection %zu: other bytes than were sent", churn->head.index);
        return;
    }
    churn->received += (uint64_t)count;
    if (churn->received < size) return;
    operation_finished(run, churn->started, size);
    if (run->phase == DRAINING) {
        engine_retire(run, &churn->head);
    } else {
        engine_close(&churn->head);
        connect_again(run, churn);
    }
}

static void ready(struct run *run, struct connection *connection, uint32_t events) {
    struct churn_connection *churn = (struct churn_connection *)connection;
    if (events & EPOLLOUT) send_unsent(run, churn);
    if (events & ~(uint32_t)EPOLLOUT && !run->failed) receive(run, churn);
}

/* The answer under way ends it. */
static void drain(struct run *run, struct connection *connection) {
    (void)run;
    (void)connection;
}

const struct workload churn_workload = {
    .name = "churn",
    .unit = "connection",
    .default_size = 64,
    .measure = engine_measure,
    .connection_size = connection_size,
    .opened = opened,
    .ready = ready,
    .drain = drain,
    .dials_itself = true,
};
