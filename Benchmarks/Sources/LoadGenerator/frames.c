#include <string.h>

#include "engine.h"
#include "message_ring.h"
#include "pattern.h"

enum { HEADER_SIZE = 4 };

/* A closed loop of frames: length and payload go out, the length comes back as the answer. */
struct frames_connection {
    struct connection head;
    size_t unsent_frames;
    /* Of the frame being sent, its header included. */
    size_t sent_bytes;
    /* Bytes of the oldest answer that have come. */
    size_t answered_bytes;
    struct message_ring pending;
};

static size_t connection_size(const struct run *run) {
    return sizeof(struct frames_connection) + run->options->depth * sizeof(uint64_t);
}

static void encode_length(size_t length, unsigned char *header) {
    header[0] = (unsigned char)(length >> 24);
    header[1] = (unsigned char)(length >> 16);
    header[2] = (unsigned char)(length >> 8);
    header[3] = (unsigned char)length;
}

/* One system call for header and payload, less what earlier calls have sent. */
static ssize_t send_rest_of_frame(struct run *run, struct frames_connection *frames) {
    size_t size = run->options->size;
    size_t sent = frames->sent_bytes;
    unsigned char header[HEADER_SIZE];
    encode_length(size, header);
    if (sent < HEADER_SIZE) {
        struct iovec parts[] = {{header + sent, HEADER_SIZE - sent},
                                {(void *)pattern_at(0), size}};
        return engine_send(run, &frames->head, parts, 2);
    }
    size_t offset = sent - HEADER_SIZE;
    struct iovec part = {(char *)pattern_at(0) + offset, size - offset};
    return engine_send(run, &frames->head, &part, 1);
}

static void send_unsent(struct run *run, struct frames_connection *frames) {
    while (frames->unsent_frames > 0) {
        ssize_t sent = send_rest_of_frame(run, frames);
        if (sent < 0) return;
        frames->sent_bytes += (size_t)sent;
        if (frames->sent_bytes < HEADER_SIZE + run->options->size) {
            engine_await(run, &frames->head, EPOLLIN | EPOLLOUT);
            return;
        }
        frames->sent_bytes = 0;
        frames->unsent_frames--;
    }
    engine_await(run, &frames->head, EPOLLIN);
}

static void start_frames(struct run *run, struct frames_connection *frames, size_t count) {
    for (size_t index = 0; index < count; index++) message_ring_push(&frames->pending, run->now);
    frames->unsent_frames += count;
    send_unsent(run, frames);
}

static void opened(struct run *run, struct connection *connection) {
    struct frames_connection *frames = (struct frames_connection *)connection;
    frames->pending.capacity = run->options->depth;
    start_frames(run, frames, run->options->depth);
}

/* Whole answers among the bytes received; they are few, so they are compared byte by byte. */
static size_t take_answers(struct run *run, struct frames_connection *frames, size_t count) {
    unsigned char header[HEADER_SIZE];
    encode_length(run->options->size, header);
    size_t answered = 0;
    for (size_t index = 0; index < count; index++) {
        if ((unsigned char)receive_buffer[index] != header[frames->answered_bytes]) {
            run_fail(run, "connection %zu: a wrong answer", frames->head.index);
            return 0;
        }
        if (frames->pending.count == frames->unsent_frames) {
            run_fail(run, "connection %zu: more answers than frames", frames->head.index);
            return 0;
        }
        if (++frames->answered_bytes < HEADER_SIZE) continue;
        frames->answered_bytes = 0;
        answered++;
        operation_finished(run, message_ring_pop(&frames->pending), run->options->size);
    }
    return answered;
}

static void receive(struct run *run, struct frames_connection *frames) {
    ssize_t count = engine_receive(run, &frames->head);
    if (count <= 0) return;
    size_t answered = take_answers(run, frames, (size_t)count);
    if (run->failed) return;
    if (run->phase != DRAINING) {
        if (answered > 0) start_frames(run, frames, answered);
    } else if (frames->pending.count == 0) {
        engine_retire(run, &frames->head);
    }
}

static void ready(struct run *run, struct connection *connection, uint32_t events) {
    struct frames_connection *frames = (struct frames_connection *)connection;
    if (events & EPOLLOUT) send_unsent(run, frames);
    if (events & ~(uint32_t)EPOLLOUT && !run->failed) receive(run, frames);
}

/* The answers under way end it: there is always at least one. */
static void drain(struct run *run, struct connection *connection) {
    (void)run;
    (void)connection;
}

const struct workload frames_workload = {
    .name = "frames",
    .unit = "frame",
    .default_size = 16 * 1024,
    .measure = engine_measure,
    .connection_size = connection_size,
    .opened = opened,
    .ready = ready,
    .drain = drain,
};
