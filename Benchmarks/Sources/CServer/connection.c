#include "connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A peer that sends but does not read must not grow the queue without bound. */
enum { PAUSE_ABOVE = 64 * 1024, RESUME_AT = 16 * 1024 };

/* Request and payload in one allocation. */
struct queued_write {
    uv_write_t request;
    char payload[];
};

void *allocate_or_exit(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL) {
        fprintf(stderr, "CServer: out of memory\n");
        exit(1);
    }
    return memory;
}

struct server *connection_server(const struct connection *connection) {
    return connection->tcp.loop->data;
}

static uv_stream_t *stream_of(struct connection *connection) {
    return (uv_stream_t *)&connection->tcp;
}

static void on_closed(uv_handle_t *handle) {
    struct connection *connection = (struct connection *)handle;
    const struct mode *mode = connection_server(connection)->mode;
    if (mode->released != NULL) mode->released(connection);
    free(connection);
}

void connection_close(struct connection *connection) {
    uv_handle_t *handle = (uv_handle_t *)&connection->tcp;
    if (!uv_is_closing(handle)) uv_close(handle, on_closed);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
    (void)status;
    struct connection *connection = (struct connection *)request->handle;
    free(request);
    connection_close(connection);
}

void connection_finish(struct connection *connection) {
    if (connection->tcp.write_queue_size == 0) {
        connection_close(connection);
        return;
    }
    uv_shutdown_t *request = allocate_or_exit(sizeof *request);
    if (uv_shutdown(request, stream_of(connection), on_shutdown) != 0) {
        free(request);
        connection_close(connection);
    }
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
    struct connection *connection = (struct connection *)stream;
    const struct mode *mode = connection_server(connection)->mode;
    if (count > 0) {
        mode->received(connection, buffer->base, (size_t)count);
    } else if (count == UV_EOF) {
        mode->ended(connection);
    } else if (count < 0) {
        connection_close(connection);
    }
}

static void on_written(uv_write_t *request, int status) {
    struct connection *connection = (struct connection *)request->handle;
    free(request);
    if (status != 0) {
        connection_close(connection);
        return;
    }
    if (uv_is_closing((uv_handle_t *)&connection->tcp)) return;
    if (connection->paused && connection->tcp.write_queue_size <= RESUME_AT) {
        connection->paused = false;
        uv_read_start(stream_of(connection), connection_server(connection)->mode->allocate,
                      on_read);
    }
}

static void queue(struct connection *connection, const char *bytes, size_t length) {
    struct queued_write *queued = allocate_or_exit(sizeof *queued + length);
    memcpy(queued->payload, bytes, length);
    uv_buf_t buffer = uv_buf_init(queued->payload, (unsigned)length);
    if (uv_write(&queued->request, stream_of(connection), &buffer, 1, on_written) != 0) {
        free(queued);
        connection_close(connection);
        return;
    }
    if (!connection->paused && connection->tcp.write_queue_size > PAUSE_ABOVE) {
        connection->paused = true;
        uv_read_stop(stream_of(connection));
    }
}

void connection_send(struct connection *connection, const char *bytes, size_t length) {
    if (connection_server(connection)->try_first) {
        uv_buf_t buffer = uv_buf_init((char *)bytes, (unsigned)length);
        int sent = uv_try_write(stream_of(connection), &buffer, 1);
        if (sent == (int)length) return;
        if (sent > 0) {
            bytes += sent;
            length -= (size_t)sent;
        } else if (sent != UV_EAGAIN) {
            connection_close(connection);
            return;
        }
    }
    queue(connection, bytes, length);
}

void connection_shared_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
    (void)suggested;
    struct server *server = handle->loop->data;
    *buffer = uv_buf_init(server->read_buffer, READ_BUFFER_SIZE);
}

void connection_accept(uv_stream_t *listener, int status) {
    if (status != 0) {
        fprintf(stderr, "CServer: accept: %s\n", uv_strerror(status));
        return;
    }
    const struct mode *mode = ((struct server *)listener->loop->data)->mode;
    struct connection *connection = allocate_or_exit(mode->connection_size);
    memset(connection, 0, mode->connection_size);
    if (uv_tcp_init(listener->loop, &connection->tcp) != 0) {
        free(connection);
        return;
    }
    if (uv_accept(listener, stream_of(connection)) != 0 ||
        uv_tcp_nodelay(&connection->tcp, 1) != 0 ||
        uv_read_start(stream_of(connection), mode->allocate, on_read) != 0) {
        connection_close(connection);
        return;
    }
    if (mode->opened != NULL) mode->opened(connection);
}
