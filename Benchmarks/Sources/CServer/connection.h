#ifndef CSERVER_CONNECTION_H
#define CSERVER_CONNECTION_H

#include "server.h"

void connection_accept(uv_stream_t *listener, int status);

/* Hands out the server's shared read buffer. */
void connection_shared_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer);

/* Sends a copy of the bytes: at once what the socket takes, the rest through the queue. */
void connection_send(struct connection *connection, const char *bytes, size_t length);

/* Closes once everything queued is sent. */
void connection_finish(struct connection *connection);

/* Closes now and drops what is queued. May be called again. */
void connection_close(struct connection *connection);

struct server *connection_server(const struct connection *connection);

/* Memory or the end of the process: a benchmark has no use for a half-working server. */
void *allocate_or_exit(size_t size);

#endif
