#include "pattern.h"

#include <stdlib.h>
#include <string.h>

#include "run.h"

static char *pattern;

void pattern_prepare(size_t window) {
    size_t size = PATTERN_PERIOD + window;
    pattern = allocate_or_exit(size);
    uint32_t state = 2463534242;
    for (size_t index = 0; index < PATTERN_PERIOD; index++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        pattern[index] = (char)(state >> 24);
    }
    for (size_t index = PATTERN_PERIOD; index < size; index++) {
        pattern[index] = pattern[index - PATTERN_PERIOD];
    }
}

const char *pattern_at(uint64_t position) { return pattern + position % PATTERN_PERIOD; }

uint64_t pattern_start(size_t connection) { return connection * 7919 % PATTERN_PERIOD; }
