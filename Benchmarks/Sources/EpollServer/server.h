#ifndef EPOLLSERVER_SERVER_H
#define EPOLLSERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { READ_BUFFER_SIZE = 64 * 1024 };

/* What the kernel is asked to watch. The event of a descriptor carries a pointer to it. */
struct watched {
    int descriptor;
    void (*ready)(struct watched *watched, uint32_t events);
};

/* Bytes that the socket did not take. */
struct unsent {
    size_t length;
    size_t sent;
    char bytes[];
};

/* The head of every connection. A mode that needs more state puts this first in its own struct. */
struct connection {
    struct watched watched;
    /* What the kernel has been asked to watch for. */
    uint32_t interest;
    bool ended;
    /* While there are any, nothing more is read. */
    struct unsent *unsent;
    struct connection *next;
    struct connection *previous;
};

struct space {
    char *memory;
    size_t size;
};

/* What a server does with its connections. Members without a comment are always set. */
struct mode {
    const char *name;
    size_t connection_size;
    /* May be NULL. The connection's bytes after its head are zero. */
    void (*opened)(struct connection *connection);
    /* Where the next bytes are read to. */
    struct space (*space)(struct connection *connection);
    void (*received)(struct connection *connection, char *bytes, size_t length);
    /* May be NULL. The socket takes bytes again and nothing is unsent. */
    void (*writable)(struct connection *connection);
    /* May be NULL. Frees what the mode owns; the connection itself is freed by the caller. */
    void (*released)(struct connection *connection);
};

extern const struct mode echo_mode;
extern const struct mode sink_mode;
extern const struct mode source_mode;
extern const struct mode frames_mode;

/* Everything of the one thread. */
struct server {
    int poller;
    bool is_ending;
    const struct mode *mode;
    struct connection *connections;
    /* Every connection reads into this: what arrived is used up before the next is read. */
    _Alignas(64) char read_buffer[READ_BUFFER_SIZE];
};

extern struct server server;

#endif
