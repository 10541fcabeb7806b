#ifndef CSERVER_SERVER_H
#define CSERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

enum { READ_BUFFER_SIZE = 64 * 1024 };

struct mode;

/* Everything of the one loop. uv_loop_t.data points here, so that a connection needs no pointer. */
struct server {
    uv_loop_t loop;
    uv_tcp_t listener;
    uv_signal_t interrupt;
    uv_signal_t terminate;
    const struct mode *mode;
    bool try_first;
    /* Every connection reads into this: what arrived is used up before the callback returns. */
    char read_buffer[READ_BUFFER_SIZE];
};

/* The head of every connection. A mode that needs more state puts this first in its own struct. */
struct connection {
    uv_tcp_t tcp;
    bool paused;
};

/* What a server does with its connections. Members without a comment are always set. */
struct mode {
    const char *name;
    size_t connection_size;
    /* May be NULL. The connection's bytes after its head are zero. */
    void (*opened)(struct connection *connection);
    uv_alloc_cb allocate;
    void (*received)(struct connection *connection, const char *bytes, size_t length);
    /* The peer has sent its last byte. */
    void (*ended)(struct connection *connection);
    /* May be NULL. Frees what the mode owns; the connection itself is freed by the caller. */
    void (*released)(struct connection *connection);
};

extern const struct mode echo_mode;
extern const struct mode sink_mode;
extern const struct mode source_mode;
extern const struct mode frames_mode;

#endif
