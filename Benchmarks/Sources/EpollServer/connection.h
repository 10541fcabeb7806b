#ifndef EPOLLSERVER_CONNECTION_H
#define EPOLLSERVER_CONNECTION_H

#include "server.h"

/* Begins to watch a descriptor; the end of the process if the kernel refuses. */
void watch(struct watched *watched, uint32_t events);

/* Takes a connection that the listener has accepted. */
void connection_open(int descriptor);

/* The server's read buffer. */
struct space connection_shared_space(struct connection *connection);

/* Sends what the socket takes; the rest is copied, and nothing is read until it is sent. */
void connection_send(struct connection *connection, const char *bytes, size_t length);

/* From now on the mode is told when the socket takes bytes. */
void connection_await_writable(struct connection *connection);

/*
 * Closes at once and drops what is unsent. The connection is freed by connection_sweep, so that
 * who is on the way back from here may look at it.
 */
void connection_close(struct connection *connection);

/* Frees a connection that has been closed. */
void connection_sweep(struct connection *connection);

/* Memory or the end of the process: a benchmark has no use for a half-working server. */
void *allocate_or_exit(size_t size);

#endif
