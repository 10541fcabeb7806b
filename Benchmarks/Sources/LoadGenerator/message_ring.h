#ifndef LOADGENERATOR_MESSAGE_RING_H
#define LOADGENERATOR_MESSAGE_RING_H

#include <stddef.h>
#include <stdint.h>

/* When the requests still unanswered were started, oldest first; answers come in this order. */
struct message_ring {
    size_t capacity;
    size_t oldest;
    size_t count;
    uint64_t started[];
};

static inline void message_ring_push(struct message_ring *ring, uint64_t now) {
    size_t last = ring->oldest + ring->count++;
    ring->started[last < ring->capacity ? last : last - ring->capacity] = now;
}

static inline uint64_t message_ring_pop(struct message_ring *ring) {
    uint64_t started = ring->started[ring->oldest];
    ring->oldest = ring->oldest + 1 == ring->capacity ? 0 : ring->oldest + 1;
    ring->count--;
    return started;
}

#endif
