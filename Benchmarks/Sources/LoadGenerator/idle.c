#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "dial.h"
#include "pattern.h"
#include "server_usage.h"

/*
 * So many connections come before the first look at the server's memory: what it allocates once
 * (read buffer, tables, code touched for the first time) is not the price of a connection.
 */
enum { BASELINE_CONNECTIONS = 64 };

enum { OTHER_DESCRIPTORS = 16, SETTLE_MILLISECONDS = 300 };

static bool exchange(struct run *run, int descriptor, size_t number) {
    size_t size = run->options->size;
    const char *message = pattern_at(pattern_start(number));
    char *answer = allocate_or_exit(size);
    ssize_t sent = send(descriptor, message, size, MSG_NOSIGNAL);
    ssize_t received = sent < 0 ? -1 : recv(descriptor, answer, size, MSG_WAITALL);
    if (received != (ssize_t)size) {
        run_fail(run, "connection %zu: no answer: %s", number,
                 received < 0 ? strerror(errno) : "the server closed the connection");
    } else if (memcmp(message, answer, size) != 0) {
        run_fail(run, "connection %zu: other bytes than were sent", number);
    }
    free(answer);
    return !run->failed;
}

static bool open_connections(struct run *run, struct pollfd *held, size_t from, size_t end) {
    for (size_t number = from; number < end; number++) {
        int descriptor = dial(run, number);
        held[number].fd = descriptor;
        held[number].events = POLLIN;
        if (descriptor < 0 || !exchange(run, descriptor, number)) return false;
    }
    return true;
}

static uint64_t settled_memory(struct run *run) {
    uint64_t bytes = 0;
    struct timespec pause = {.tv_nsec = SETTLE_MILLISECONDS * 1000000};
    nanosleep(&pause, NULL);
    pid_t process = run->options->server_process;
    if (process != 0 && !server_memory(process, &bytes)) {
        run_fail(run, "cannot read the memory of process %d", (int)process);
    }
    return bytes;
}

static bool descriptors_suffice(struct run *run, size_t count) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (count + OTHER_DESCRIPTORS <= limit.rlim_cur) return true;
    run_fail(run, "%zu connections need more than the %zu descriptors allowed", count,
             (size_t)limit.rlim_cur);
    return false;
}

static void measure(struct run *run) {
    size_t count = run->options->connections + BASELINE_CONNECTIONS;
    if (!descriptors_suffice(run, count)) return;
    struct pollfd *held = allocate_or_exit(count * sizeof *held);
    if (open_connections(run, held, 0, BASELINE_CONNECTIONS)) {
        uint64_t before = settled_memory(run);
        window_open(run);
        open_connections(run, held, BASELINE_CONNECTIONS, count);
        window_close(run);
        uint64_t after = run->failed ? before : settled_memory(run);
        run->operations = run->options->connections;
        run->bytes = run->operations * run->options->size;
        run->memory_growth = after > before ? after - before : 0;
    }
    if (!run->failed && poll(held, count, 0) != 0) run_fail(run, "an idle connection was closed");
    free(held);
}

const struct workload idle_workload = {
    .name = "idle",
    .unit = "connection",
    .default_size = 64,
    .measure = measure,
};
