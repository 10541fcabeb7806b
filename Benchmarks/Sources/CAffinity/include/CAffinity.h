#ifndef CAFFINITY_H
#define CAFFINITY_H

/* GNU functions on a type of macros: Swift sees neither. */

enum { AFFINITY_LIMIT = 1024 };

/* Lists the processors that the calling thread may run on: how many there are, -1 on error. */
int affinity_get(int processors[AFFINITY_LIMIT]);

/* Ties the calling thread, and what it spawns from now on, to these. 0, or -1 on error. */
int affinity_set(const int *processors, int count);

#endif
