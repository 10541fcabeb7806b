#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: EpollServer --port P --mode echo|sink|source|frames [--api epoll]";

static _Noreturn void reject(const char *reason, const char *what) {
    fprintf(stderr, "EpollServer: %s: %s\n%s\n", reason, what, usage);
    exit(2);
}

static int parse_port(const char *text) {
    char *end;
    long number = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || number < 0 || number > 65535) reject("bad port", text);
    return (int)number;
}

static const struct mode *parse_mode(const char *name) {
    static const struct mode *const modes[] = {&echo_mode, &sink_mode, &source_mode, &frames_mode};
    for (size_t index = 0; index < sizeof modes / sizeof *modes; index++) {
        if (strcmp(modes[index]->name, name) == 0) return modes[index];
    }
    reject("unknown mode", name);
}

struct options parse_options(int count, char **arguments) {
    struct options options = {.port = -1, .mode = NULL};
    for (int index = 1; index < count; index += 2) {
        const char *option = arguments[index];
        if (index + 1 == count) reject("unknown option, or missing value for", option);
        const char *value = arguments[index + 1];
        if (strcmp(option, "--port") == 0) {
            options.port = parse_port(value);
        } else if (strcmp(option, "--mode") == 0) {
            options.mode = parse_mode(value);
        } else if (strcmp(option, "--api") == 0) {
            if (strcmp(value, "epoll") != 0) reject("unknown API", value);
        } else {
            reject("unknown option", option);
        }
    }
    if (options.port < 0) reject("missing option", "--port");
    if (options.mode == NULL) reject("missing option", "--mode");
    return options;
}
