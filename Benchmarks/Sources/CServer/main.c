/* What the Swift servers are measured against: plain libuv, used as well as it can be. */

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "connection.h"
#include "options.h"

enum { BACKLOG = 1024 };

/* Static for its read buffer, which is too large for a stack frame. */
static struct server server;

static void check(int result, const char *what) {
    if (result == 0) return;
    fprintf(stderr, "CServer: %s: %s\n", what, uv_strerror(result));
    exit(1);
}

static void close_handle(uv_handle_t *handle, void *unused) {
    (void)unused;
    bool own = handle == (uv_handle_t *)&server.listener || handle->type != UV_TCP;
    if (!own) {
        connection_close((struct connection *)handle);
    } else if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    (void)number;
    uv_walk(handle->loop, close_handle, NULL);
}

/* Thousands of idle connections do not fit the usual soft limit of 1,024 descriptors. */
static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void start_signals(void) {
    /* A peer that is gone is an error of the write, not the end of the server. */
    signal(SIGPIPE, SIG_IGN);
    check(uv_signal_init(&server.loop, &server.interrupt), "signal");
    check(uv_signal_start(&server.interrupt, on_signal, SIGINT), "signal");
    check(uv_signal_init(&server.loop, &server.terminate), "signal");
    check(uv_signal_start(&server.terminate, on_signal, SIGTERM), "signal");
}

static void start_listening(int port) {
    struct sockaddr_in address;
    check(uv_ip4_addr("127.0.0.1", port, &address), "address");
    check(uv_tcp_init(&server.loop, &server.listener), "listener");
    check(uv_tcp_bind(&server.listener, (const struct sockaddr *)&address, 0), "bind");
    check(uv_listen((uv_stream_t *)&server.listener, BACKLOG, connection_accept), "listen");
    int size = sizeof address;
    check(uv_tcp_getsockname(&server.listener, (struct sockaddr *)&address, &size), "address");
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
}

int main(int count, char **arguments) {
    struct options options = parse_options(count, arguments);
    server.mode = options.mode;
    server.try_first = options.try_first;
    raise_descriptor_limit();
    check(uv_loop_init(&server.loop), "loop");
    server.loop.data = &server;
    start_signals();
    start_listening(options.port);
    uv_run(&server.loop, UV_RUN_DEFAULT);
    check(uv_loop_close(&server.loop), "close of the loop");
    return 0;
}
