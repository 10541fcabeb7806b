#ifndef LOADGENERATOR_RUN_H
#define LOADGENERATOR_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "histogram.h"
#include "options.h"
#include "workload.h"

enum phase { WARMING_UP, MEASURING, DRAINING };

/*
 * One run of one workload, or one worker's part of it: its state while it goes on and its figures
 * afterwards.
 */
struct run {
    const struct options *options;
    /* Called when all connections stand: all workers begin together. Null for a single one. */
    void (*wait_for_others)(void);
    /* Of the first connection: another worker has those below. */
    size_t first_number;
    enum phase phase;
    int poller;
    /* Monotonic nanoseconds, refreshed by the engine and by whoever has just received. */
    uint64_t now;
    /* Connections that still have to come to their end. */
    size_t remaining;

    uint64_t window_start;
    uint64_t window_end;
    uint64_t operations;
    uint64_t bytes;
    uint64_t cpu_at_start;
    uint64_t cpu_time;
    /* The generator's own, to show that it is cheaper than what it measures. */
    uint64_t own_cpu_at_start;
    uint64_t own_cpu_time;
    uint64_t memory_growth;
    struct histogram latencies;

    bool failed;
    char failure[256];
};

/* The first reason ends the run; later ones are usually its consequences. */
__attribute__((format(printf, 2, 3))) void run_fail(struct run *run, const char *format, ...);

uint64_t monotonic_time(void);

/* Open and close the measured window: the clock and the server's CPU time. */
void window_open(struct run *run);
void window_close(struct run *run);

/* One request answered. Only counts within the measured window. */
void operation_finished(struct run *run, uint64_t started, uint64_t bytes);

void *allocate_or_exit(size_t size);

#endif
