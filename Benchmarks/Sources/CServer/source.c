#include "connection.h"

enum { CHUNK_SIZE = 64 * 1024 };

/* A fast peer must not keep the loop in one connection's callback for ever. */
enum { CHUNKS_PER_TURN = 16 };

static const char chunk[CHUNK_SIZE];

struct source_connection {
    struct connection head;
    /* At most one remainder waits at a time, so its request lives with the connection. */
    uv_write_t request;
};

static void send_chunks(struct connection *connection);

static void on_remainder_written(uv_write_t *request, int status) {
    struct connection *connection = (struct connection *)request->handle;
    if (status != 0) {
        connection_close(connection);
    } else if (!uv_is_closing((uv_handle_t *)&connection->tcp)) {
        send_chunks(connection);
    }
}

/* The chunk is constant: the kernel reads the remainder from where it is. */
static void queue_remainder(struct connection *connection, size_t offset) {
    struct source_connection *source = (struct source_connection *)connection;
    uv_buf_t buffer = uv_buf_init((char *)chunk + offset, (unsigned)(CHUNK_SIZE - offset));
    if (uv_write(&source->request, (uv_stream_t *)&connection->tcp, &buffer, 1,
                 on_remainder_written) != 0) {
        connection_close(connection);
    }
}

static void send_chunks(struct connection *connection) {
    if (!connection_server(connection)->try_first) {
        queue_remainder(connection, 0);
        return;
    }
    for (int attempt = 0; attempt < CHUNKS_PER_TURN; attempt++) {
        uv_buf_t buffer = uv_buf_init((char *)chunk, CHUNK_SIZE);
        int sent = uv_try_write((uv_stream_t *)&connection->tcp, &buffer, 1);
        if (sent == CHUNK_SIZE) continue;
        if (sent < 0 && sent != UV_EAGAIN) {
            connection_close(connection);
            return;
        }
        queue_remainder(connection, sent > 0 ? (size_t)sent : 0);
        return;
    }
    queue_remainder(connection, 0);
}

static void drop(struct connection *connection, const char *bytes, size_t length) {
    (void)connection;
    (void)bytes;
    (void)length;
}

const struct mode source_mode = {
    .name = "source",
    .connection_size = sizeof(struct source_connection),
    .opened = send_chunks,
    .allocate = connection_shared_buffer,
    .received = drop,
    .ended = connection_close,
};
