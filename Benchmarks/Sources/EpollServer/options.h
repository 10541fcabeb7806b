#ifndef EPOLLSERVER_OPTIONS_H
#define EPOLLSERVER_OPTIONS_H

#include "server.h"

struct options {
    int port;
    const struct mode *mode;
};

/* Ends the process with status 2 and a message when the command line is wrong. */
struct options parse_options(int count, char **arguments);

#endif
