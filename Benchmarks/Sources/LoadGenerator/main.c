/* Loads a server and measures it from outside, with less work than any server has. */

#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine.h"
#include "options.h"
#include "pattern.h"
#include "report.h"
#include "run.h"
#include "workers.h"

/* For connecting and draining, on top of the time asked for. */
enum { GRACE_SECONDS = 60 };

static void on_alarm(int number) {
    (void)number;
    static const char message[] = "LoadGenerator: the run did not end in time\n";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(1);
}

static void raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void pin(int processor) {
    cpu_set_t processors;
    CPU_ZERO(&processors);
    CPU_SET(processor, &processors);
    if (sched_setaffinity(0, sizeof processors, &processors) != 0) {
        perror("LoadGenerator: --pin");
        exit(1);
    }
}

int main(int count, char **arguments) {
    struct options options = parse_options(count, arguments);
    signal(SIGALRM, on_alarm);
    alarm((unsigned)(options.warmup + options.seconds) + GRACE_SECONDS);
    if (options.processor >= 0) pin(options.processor);
    raise_descriptor_limit();
    /* A frame's payload is sent from one place, everything else in pieces of the window. */
    pattern_prepare(options.size > SEND_WINDOW ? options.size : SEND_WINDOW);
    /* Static for its histogram, which is too large for a stack frame. */
    static struct run run;
    run.options = &options;
    if (options.workers > 1) {
        workers_measure(&run);
    } else {
        options.workload->measure(&run);
    }
    report(&run);
    if (!run.failed) return 0;
    fprintf(stderr, "LoadGenerator: %s\n", run.failure);
    return 1;
}
