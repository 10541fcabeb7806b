#ifndef LOADGENERATOR_WORKLOAD_H
#define LOADGENERATOR_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run;

/* The head of every connection. A workload that needs more state puts this first in its own. */
struct connection {
    int descriptor;
    uint32_t interest;
    size_t index;
};

/*
 * One kind of load. A workload with a `measure` of its own does everything there; the others are
 * driven by the engine: connect all, warm up, measure, drain.
 */
struct workload {
    const char *name;
    const char *unit;
    size_t default_size;
    void (*measure)(struct run *run);

    size_t (*connection_size)(const struct run *run);
    /* The connection is established (for `dials_itself`: it is zeroed and has no socket yet). */
    void (*opened)(struct run *run, struct connection *connection);
    void (*ready)(struct run *run, struct connection *connection, uint32_t events);
    /* Called once per connection when the measured window is over; counts nothing any more. */
    void (*drain)(struct run *run, struct connection *connection);
    bool dials_itself;
};

extern const struct workload echo_workload;
extern const struct workload sink_workload;
extern const struct workload source_workload;
extern const struct workload frames_workload;
extern const struct workload churn_workload;
extern const struct workload idle_workload;

#endif
