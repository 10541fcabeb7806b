#ifndef LOADGENERATOR_OPTIONS_H
#define LOADGENERATOR_OPTIONS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct workload;

struct options {
    struct sockaddr_in server;
    const struct workload *workload;
    size_t connections;
    size_t size;
    size_t depth;
    double seconds;
    double warmup;
    /* 0 when the server's costs are not asked for. */
    pid_t server_process;
    /* Processes that share the connections between them. */
    size_t workers;
    bool verify;
    /* -1 for wherever the kernel likes. */
    int processor;
};

/* Ends the process with status 2 and a message when the command line is wrong. */
struct options parse_options(int count, char **arguments);

#endif
