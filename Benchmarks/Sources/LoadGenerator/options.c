#include "options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "workload.h"

enum {
    MOST_CONNECTIONS = 1000000,
    LARGEST_SIZE = 64 * 1024 * 1024,
    DEEPEST = 4096,
    MOST_WORKERS = 256,
    LONGEST_SECONDS = 3600
};

static const char usage[] =
    "usage: LoadGenerator --port P --workload echo|sink|source|frames|churn|idle\n"
    "       [--host 127.0.0.1] [--connections N] [--size BYTES] [--depth D] [--seconds S]\n"
    "       [--warmup S] [--pid SERVERPID] [--workers N] [--verify] [--pin CPU]";

static _Noreturn void reject(const char *reason, const char *what) {
    fprintf(stderr, "LoadGenerator: %s: %s\n%s\n", reason, what, usage);
    exit(2);
}

static double parse_number(const char *option, const char *text, double lowest, double highest) {
    char *end;
    double number = strtod(text, &end);
    if (*text == '\0' || *end != '\0' || !(number >= lowest && number <= highest)) {
        reject("bad value for", option);
    }
    return number;
}

static const struct workload *parse_workload(const char *name) {
    static const struct workload *const workloads[] = {
        &echo_workload, &sink_workload, &source_workload,
        &frames_workload, &churn_workload, &idle_workload,
    };
    for (size_t index = 0; index < sizeof workloads / sizeof *workloads; index++) {
        if (strcmp(workloads[index]->name, name) == 0) return workloads[index];
    }
    reject("unknown workload", name);
}

static bool set_option(struct options *options, const char *option, const char *value) {
    if (strcmp(option, "--port") == 0) {
        options->server.sin_port = htons((uint16_t)parse_number(option, value, 1, 65535));
    } else if (strcmp(option, "--host") == 0) {
        if (inet_pton(AF_INET, value, &options->server.sin_addr) != 1) {
            reject("not a numeric IPv4 address", value);
        }
    } else if (strcmp(option, "--workload") == 0) {
        options->workload = parse_workload(value);
    } else if (strcmp(option, "--connections") == 0) {
        options->connections = (size_t)parse_number(option, value, 1, MOST_CONNECTIONS);
    } else if (strcmp(option, "--size") == 0) {
        options->size = (size_t)parse_number(option, value, 1, LARGEST_SIZE);
    } else if (strcmp(option, "--depth") == 0) {
        options->depth = (size_t)parse_number(option, value, 1, DEEPEST);
    } else if (strcmp(option, "--seconds") == 0) {
        options->seconds = parse_number(option, value, 0.01, LONGEST_SECONDS);
    } else if (strcmp(option, "--warmup") == 0) {
        options->warmup = parse_number(option, value, 0, LONGEST_SECONDS);
    } else if (strcmp(option, "--pid") == 0) {
        options->server_process = (pid_t)parse_number(option, value, 1, INT32_MAX);
    } else if (strcmp(option, "--workers") == 0) {
        options->workers = (size_t)parse_number(option, value, 1, MOST_WORKERS);
    } else if (strcmp(option, "--pin") == 0) {
        options->processor = (int)parse_number(option, value, 0, 1023);
    } else {
        return false;
    }
    return true;
}

struct options parse_options(int count, char **arguments) {
    struct options options = {
        .server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)},
        .connections = 1,
        .depth = 1,
        .workers = 1,
        .seconds = 2,
        .warmup = 0.5,
        .processor = -1,
    };
    for (int index = 1; index < count; index++) {
        const char *option = arguments[index];
        if (strcmp(option, "--verify") == 0) {
            options.verify = true;
            continue;
        }
        const char *value = index + 1 < count ? arguments[index + 1] : "";
        if (!set_option(&options, option, value)) reject("unknown option", option);
        index++;
    }
    if (options.server.sin_port == 0) reject("missing option", "--port");
    if (options.workload == NULL) reject("missing option", "--workload");
    if (options.workers > 1 && options.workload == &idle_workload) {
        reject("takes one worker", options.workload->name);
    }
    if (options.workers > options.connections) options.workers = options.connections;
    if (options.size == 0) options.size = options.workload->default_size;
    return options;
}
