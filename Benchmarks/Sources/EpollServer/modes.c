#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"

static void echo(struct connection *connection, char *bytes, size_t length) {
    connection_send(connection, bytes, length);
}

const struct mode echo_mode = {
    .name = "echo",
    .connection_size = sizeof(struct connection),
    .space = connection_shared_space,
    .received = echo,
};

static void drop(struct connection *connection, char *bytes, size_t length) {
    (void)connection;
    (void)bytes;
    (void)length;
}

const struct mode sink_mode = {
    .name = "sink",
    .connection_size = sizeof(struct connection),
    .space = connection_shared_space,
    .received = drop,
};

enum { CHUNK_SIZE = 64 * 1024 };

/* In one system call: fewer cost more, and many more gain nothing. */
enum { CHUNKS_PER_CALL = 8 };

/* Not of zeros: all of them would be the one page that the system has for memory never written to,
 * and the cache would have less to hold than with the other servers. */
static char chunk[CHUNK_SIZE];

/* All bytes of a chunk are the same, so that nobody has to remember where in it a call ended. */
static void send_chunks(struct connection *connection) {
    static struct iovec parts[CHUNKS_PER_CALL];
    for (int index = 0; index < CHUNKS_PER_CALL; index++) {
        parts[index] = (struct iovec){chunk, CHUNK_SIZE};
    }
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = CHUNKS_PER_CALL};
    ssize_t sent = sendmsg(connection->watched.descriptor, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) connection_close(connection);
}

static void start_sending(struct connection *connection) {
    memset(chunk, 0x55, sizeof chunk);
    send_chunks(connection);
    if (connection->watched.descriptor >= 0) connection_await_writable(connection);
}

const struct mode source_mode = {
    .name = "source",
    .connection_size = sizeof(struct connection),
    .opened = start_sending,
    .space = connection_shared_space,
    .received = drop,
    .writable = send_chunks,
};
