#ifndef LOADGENERATOR_WORKERS_H
#define LOADGENERATOR_WORKERS_H

#include "run.h"

/*
 * The run by several processes, each with its share of the connections: one processor is too
 * little to load a server that has several. All begin when the last has connected, the
 * first looks at the server's CPU time, and what all have counted is summed up here.
 */
void workers_measure(struct run *run);

#endif
