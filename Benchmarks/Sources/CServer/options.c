#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: CServer --port P --mode echo|sink|source|frames [--api try|queued] [--loops 1]";

static _Noreturn void reject(const char *reason, const char *what) {
    fprintf(stderr, "CServer: %s: %s\n%s\n", reason, what, usage);
    exit(2);
}

static long parse_number(const char *option, const char *text, long lowest, long highest) {
    char *end;
    long number = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || number < lowest || number > highest) {
        reject("bad value for", option);
    }
    return number;
}

static const struct mode *parse_mode(const char *name) {
    static const struct mode *const modes[] = {&echo_mode, &sink_mode, &source_mode, &frames_mode};
    for (size_t index = 0; index < sizeof modes / sizeof *modes; index++) {
        if (strcmp(modes[index]->name, name) == 0) return modes[index];
    }
    reject("unknown mode", name);
}

/* Whether the socket is tried before a write is queued. */
static bool parse_api(const char *name) {
    if (strcmp(name, "try") == 0) return true;
    if (strcmp(name, "queued") == 0) return false;
    reject("unknown API", name);
}

struct options parse_options(int count, char **arguments) {
    struct options options = {.port = -1, .mode = NULL, .try_first = true};
    for (int index = 1; index < count; index++) {
        const char *option = arguments[index];
        bool known = strcmp(option, "--port") == 0 || strcmp(option, "--mode") == 0 ||
                     strcmp(option, "--api") == 0 || strcmp(option, "--loops") == 0;
        if (!known) reject("unknown option", option);
        if (index + 1 == count) reject("missing value for", option);
        const char *value = arguments[++index];
        if (strcmp(option, "--port") == 0) {
            options.port = (int)parse_number(option, value, 0, 65535);
        } else if (strcmp(option, "--mode") == 0) {
            options.mode = parse_mode(value);
        } else if (strcmp(option, "--api") == 0) {
            options.try_first = parse_api(value);
        } else if (strcmp(option, "--loops") == 0) {
            parse_number(option, value, 1, 1);
        }
    }
    if (options.port < 0) reject("missing option", "--port");
    if (options.mode == NULL) reject("missing option", "--mode");
    return options;
}
