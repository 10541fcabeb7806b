#include <stdint.h>
#include <stdlib.h>

#include "connection.h"

enum { HEADER_SIZE = 4, LARGEST_PAYLOAD = 64 * 1024 * 1024 };

struct frames_connection {
    struct connection head;
    unsigned char header[HEADER_SIZE];
    bool in_payload;
    /* Of the part being read: header or payload. */
    uint32_t filled;
    uint32_t length;
    uint32_t capacity;
    char *payload;
};

/* Asks for exactly what is missing, so that the payload lands in its place and is never copied. */
static void allocate_rest(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)suggested;
    struct frames_connection *frames = (struct frames_connection *)handle;
    if (frames->in_payload) {
        *buffer = uv_buf_init(frames->payload + frames->filled, frames->length - frames->filled);
    } else {
        *buffer = uv_buf_init((char *)frames->header + frames->filled,
                              HEADER_SIZE - frames->filled);
    }
}

static uint32_t decode_length(const unsigned char *header) {
    return (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 |
           (uint32_t)header[3];
}

/* The old content is of no use, so this is not a realloc, which would copy it. */
static void reserve_payload(struct frames_connection *frames) {
    if (frames->length <= frames->capacity) return;
    free(frames->payload);
    frames->payload = allocate_or_exit(frames->length);
    frames->capacity = frames->length;
}

static void frame_complete(struct frames_connection *frames) {
    frames->in_payload = false;
    frames->filled = 0;
    connection_send(&frames->head, (const char *)frames->header, HEADER_SIZE);
}

static void header_complete(struct frames_connection *frames) {
    frames->length = decode_length(frames->header);
    if (frames->length > LARGEST_PAYLOAD) {
        connection_close(&frames->head);
        return;
    }
    frames->filled = 0;
    if (frames->length == 0) {
        frame_complete(frames);
        return;
    }
    reserve_payload(frames);
    frames->in_payload = true;
}

static void received(struct connection *connection, const char *bytes, size_t length) {
    (void)bytes;
    struct frames_connection *frames = (struct frames_connection *)connection;
    frames->filled += (uint32_t)length;
    if (frames->in_payload) {
        if (frames->filled == frames->length) frame_complete(frames);
    } else if (frames->filled == HEADER_SIZE) {
        header_complete(frames);
    }
}

static void released(struct connection *connection) {
    free(((struct frames_connection *)connection)->payload);
}

const struct mode frames_mode = {
    .name = "frames",
    .connection_size = sizeof(struct frames_connection),
    .allocate = allocate_rest,
    .received = received,
    .ended = connection_finish,
    .released = released,
};
