#include "connection.h"

const struct mode echo_mode = {
    .name = "echo",
    .connection_size = sizeof(struct connection),
    .allocate = connection_shared_buffer,
    .received = connection_send,
    .ended = connection_finish,
};
