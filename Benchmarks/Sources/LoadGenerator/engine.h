#ifndef LOADGENERATOR_ENGINE_H
#define LOADGENERATOR_ENGINE_H

#include <sys/epoll.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "run.h"

/* Connects all, warms up, measures and drains; a failure stops it early. */
void engine_measure(struct run *run);

/* What the connection waits for, EPOLLIN and EPOLLOUT; no system call if nothing changes. */
void engine_await(struct run *run, struct connection *connection, uint32_t events);

/* Starts to watch a socket that a workload dialled itself. */
void engine_adopt(struct run *run, struct connection *connection, int descriptor, uint32_t events);

/* Closes the connection's socket; it may be given a new one. */
void engine_close(struct connection *connection);

/* Closes the connection for good: its part of the run is done. */
void engine_retire(struct run *run, struct connection *connection);

/* Bytes sent, 0 when the socket takes no more now, -1 after a failure. */
ssize_t engine_send(struct run *run, struct connection *connection, const struct iovec *parts,
                    size_t count);

/* Sends what the pattern holds, from its position on, until the socket takes no more. */
ssize_t engine_send_pattern(struct run *run, struct connection *connection, uint64_t position,
                            uint64_t length);

/*
 * Receives into `receive_buffer` and refreshes the run's time. Bytes received, 0 when there are
 * none now, -1 after a failure; the server's end of the stream is one.
 */
ssize_t engine_receive(struct run *run, struct connection *connection);

enum { RECEIVE_BUFFER_SIZE = 256 * 1024, SEND_WINDOW = 256 * 1024 };

/* One for all connections: what was received is used up at once. */
extern char receive_buffer[RECEIVE_BUFFER_SIZE];

#endif
