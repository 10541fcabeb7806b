#include <stdlib.h>
#include <string.h>

#include "connection.h"

enum { HEADER_SIZE = 4, LARGEST_PAYLOAD = 64 * 1024 * 1024 };

/* Frames begin this far into their memory, so that payloads begin on a cache line. */
enum { MARGIN = 64 - HEADER_SIZE };

/* Room beyond the frame, so that the beginning of the next one comes along. */
enum { SLACK = 64 };

/*
 * Header and payload come in one read if they are there. Frames that come whole are read into the
 * shared memory; what is left of one that does not, moves to the connection's own.
 */
struct frames_connection {
    struct connection head;
    bool last_was_long;
    /* How many bytes of an unfinished frame are in `own`. */
    size_t filled;
    size_t capacity;
    /* What `own` is a part of, for free. */
    char *allocation;
    char *own;
};

static bool reads_into_own(const struct frames_connection *frames) {
    return frames->filled > 0 || frames->last_was_long;
}

static struct space space(struct connection *connection) {
    struct frames_connection *frames = (struct frames_connection *)connection;
    if (reads_into_own(frames)) {
        return (struct space){frames->own + frames->filled, frames->capacity - frames->filled};
    }
    return (struct space){server.read_buffer + MARGIN, READ_BUFFER_SIZE - MARGIN};
}

static size_t decode_length(const char *header) {
    const unsigned char *bytes = (const unsigned char *)header;
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Makes the beginning of a frame the beginning of `own`, with room for all of the frame. */
static void keep(struct frames_connection *frames, const char *rest, size_t count, size_t size) {
    size_t needed = size + SLACK;
    if (frames->capacity < needed) {
        size_t capacity = needed > READ_BUFFER_SIZE ? needed : READ_BUFFER_SIZE;
        /* A multiple of the alignment. */
        size_t length = (MARGIN + capacity + 63) / 64 * 64;
        char *allocation = aligned_alloc(64, length);
        if (allocation == NULL) abort();
        memcpy(allocation + MARGIN, rest, count);
        free(frames->allocation);
        frames->allocation = allocation;
        frames->own = allocation + MARGIN;
        frames->capacity = length - MARGIN;
    } else if (count > 0 && rest != frames->own) {
        memmove(frames->own, rest, count);
    }
    frames->filled = count;
}

static void received(struct connection *connection, char *bytes, size_t length) {
    struct frames_connection *frames = (struct frames_connection *)connection;
    char *memory = reads_into_own(frames) ? frames->own : bytes;
    size_t end = frames->filled + length;
    size_t start = 0;
    size_t answers = 0;
    size_t size = HEADER_SIZE;
    while (end - start >= HEADER_SIZE) {
        size_t payload = decode_length(memory + start);
        if (payload > LARGEST_PAYLOAD) {
            connection_close(connection);
            return;
        }
        size = HEADER_SIZE + payload;
        if (size > end - start) break;
        /* The payload: from memory + start + HEADER_SIZE. Its frame is done with now, so that the
           answers gather where the frames were. */
        memmove(memory + answers, memory + start, HEADER_SIZE);
        answers += HEADER_SIZE;
        frames->last_was_long = size + SLACK + MARGIN > READ_BUFFER_SIZE;
        start += size;
        size = HEADER_SIZE;
    }
    if (answers > 0) connection_send(connection, memory, answers);
    if (connection->watched.descriptor < 0) return;
    if (end > start || frames->last_was_long) {
        keep(frames, memory + start, end - start, size);
    } else {
        frames->filled = 0;
    }
}

static void released(struct connection *connection) {
    free(((struct frames_connection *)connection)->allocation);
}

const struct mode frames_mode = {
    .name = "frames",
    .connection_size = sizeof(struct frames_connection),
    .space = space,
    .received = received,
    .released = released,
};
