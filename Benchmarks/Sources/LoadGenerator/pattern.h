#ifndef LOADGENERATOR_PATTERN_H
#define LOADGENERATOR_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/*
 * The bytes that every workload sends: pseudo-random with a prime period, so that bytes lost in
 * multiples of a power of two, or sent to another connection, do not match.
 */
enum { PATTERN_PERIOD = 65521 };

/* At least `window` bytes can be read from any position below the period. */
void pattern_prepare(size_t window);

/* Contiguous bytes of the endless pattern, from any position in it. */
const char *pattern_at(uint64_t position);

/* Where the connection's stream starts in the pattern: different for each. */
uint64_t pattern_start(size_t connection);

#endif
