#include "run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server_usage.h"

void *allocate_or_exit(size_t size) {
    void *memory = calloc(1, size);
    if (memory == NULL) {
        fprintf(stderr, "LoadGenerator: out of memory\n");
        exit(1);
    }
    return memory;
}

void run_fail(struct run *run, const char *format, ...) {
    if (run->failed) return;
    run->failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(run->failure, sizeof run->failure, format, arguments);
    va_end(arguments);
}

uint64_t monotonic_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static uint64_t cpu_time(struct run *run) {
    uint64_t time = 0;
    pid_t process = run->options->server_process;
    if (process != 0 && !server_cpu_time(process, &time)) {
        run_fail(run, "cannot read the CPU time of process %d", (int)process);
    }
    return time;
}

static uint64_t own_cpu_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

void window_open(struct run *run) {
    run->phase = MEASURING;
    run->cpu_at_start = cpu_time(run);
    run->own_cpu_at_start = own_cpu_time();
    run->window_start = monotonic_time();
}

void window_close(struct run *run) {
    run->window_end = monotonic_time();
    run->cpu_time = cpu_time(run) - run->cpu_at_start;
    run->own_cpu_time = own_cpu_time() - run->own_cpu_at_start;
    run->phase = DRAINING;
}

void operation_finished(struct run *run, uint64_t started, uint64_t bytes) {
    if (run->phase != MEASURING) return;
    run->operations++;
    run->bytes += bytes;
    histogram_record(&run->latencies, run->now - started);
}
