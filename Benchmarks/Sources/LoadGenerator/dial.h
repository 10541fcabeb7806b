#ifndef LOADGENERATOR_DIAL_H
#define LOADGENERATOR_DIAL_H

#include "run.h"

/*
 * A blocking socket, connected to the server and with a bound on every operation; -1 after a
 * failure, which the run then holds. Numbers differ from one connection to the next.
 */
int dial(struct run *run, size_t number);

/* A non-blocking socket that is connecting; -1 after a failure. */
int dial_without_waiting(struct run *run, size_t number);

#endif
