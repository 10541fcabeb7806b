#include "connection.h"

static void drop(struct connection *connection, const char *bytes, size_t length) {
    (void)connection;
    (void)bytes;
    (void)length;
}

const struct mode sink_mode = {
    .name = "sink",
    .connection_size = sizeof(struct connection),
    .allocate = connection_shared_buffer,
    .received = drop,
    .ended = connection_close,
};
