#define _GNU_SOURCE
#include "workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
    pthread_barrier_t connected;
    struct run parts[];
};

static struct shared *shared;

static void wait_for_others(void) { pthread_barrier_wait(&shared->connected); }

static bool share_memory(struct run *run) {
    size_t workers = run->options->workers;
    size_t size = sizeof *shared + workers * sizeof *shared->parts;
    shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t attributes;
    pthread_barrierattr_init(&attributes);
    pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (shared == MAP_FAILED ||
        pthread_barrier_init(&shared->connected, &attributes, (unsigned)workers) != 0) {
        run_fail(run, "no memory to share with the workers");
        return false;
    }
    return true;
}

static size_t connections_below(const struct options *options, size_t worker) {
    return options->connections * worker / options->workers;
}

static _Noreturn void work(const struct options *all, size_t worker) {
    /* However the parent ends, this ends with it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct options own = *all;
    own.connections = connections_below(all, worker + 1) - connections_below(all, worker);
    if (worker > 0) own.server_process = 0;
    struct run *part = &shared->parts[worker];
    part->options = &own;
    part->first_number = connections_below(all, worker);
    part->wait_for_others = wait_for_others;
    own.workload->measure(part);
    _exit(part->failed ? 1 : 0);
}

/* The others would wait for ever for one that has failed before its window. */
static void end_all(const pid_t *processes, size_t count) {
    for (size_t worker = 0; worker < count; worker++) {
        if (processes[worker] > 0) kill(processes[worker], SIGKILL);
    }
}

static void wait_for_all(struct run *run, pid_t *processes, size_t count) {
    for (size_t left = count; left > 0; left--) {
        int status;
        pid_t ended = wait(&status);
        if (ended < 0) return;
        for (size_t worker = 0; worker < count; worker++) {
            if (processes[worker] != ended) continue;
            processes[worker] = 0;
            if (status == 0 || run->failed) continue;
            const struct run *part = &shared->parts[worker];
            run_fail(run, "%s", part->failed ? part->failure : "a worker ended by a signal");
            end_all(processes, count);
        }
    }
}

static void sum_up(struct run *run, size_t count) {
    run->window_start = shared->parts[0].window_start;
    run->window_end = shared->parts[0].window_end;
    run->cpu_time = shared->parts[0].cpu_time;
    for (size_t worker = 0; worker < count; worker++) {
        const struct run *part = &shared->parts[worker];
        run->operations += part->operations;
        run->bytes += part->bytes;
        run->own_cpu_time += part->own_cpu_time;
        histogram_add(&run->latencies, &part->latencies);
    }
}

void workers_measure(struct run *run) {
    size_t count = run->options->workers;
    if (!share_memory(run)) return;
    pid_t processes[count];
    memset(processes, 0, sizeof processes);
    for (size_t worker = 0; worker < count && !run->failed; worker++) {
        processes[worker] = fork();
        if (processes[worker] == 0) work(run->options, worker);
        if (processes[worker] < 0) run_fail(run, "fork failed");
    }
    if (run->failed) end_all(processes, count);
    wait_for_all(run, processes, count);
    sum_up(run, count);
}
