#include "histogram.h"

static unsigned bucket_of(uint64_t value) {
    if (value < 1u << BUCKET_BITS) return (unsigned)value;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(value) - BUCKET_BITS;
    unsigned position = (unsigned)(value >> exponent) - (1u << BUCKET_BITS);
    return ((exponent + 1) << BUCKET_BITS) + position;
}

static uint64_t largest_in(unsigned bucket) {
    if (bucket < 1u << BUCKET_BITS) return bucket;
    unsigned exponent = (bucket >> BUCKET_BITS) - 1;
    uint64_t position = (bucket & ((1u << BUCKET_BITS) - 1)) + (1u << BUCKET_BITS);
    return (position << exponent) + (((uint64_t)1 << exponent) - 1);
}

void histogram_record(struct histogram *histogram, uint64_t value) {
    histogram->counts[bucket_of(value)]++;
    histogram->total++;
    if (value > histogram->largest) histogram->largest = value;
}

void histogram_add(struct histogram *histogram, const struct histogram *other) {
    for (unsigned bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        histogram->counts[bucket] += other->counts[bucket];
    }
    histogram->total += other->total;
    if (other->largest > histogram->largest) histogram->largest = other->largest;
}

uint64_t histogram_quantile(const struct histogram *histogram, double share) {
    double exact = share * (double)histogram->total;
    uint64_t wanted = (uint64_t)exact;
    if ((double)wanted < exact) wanted++;
    uint64_t seen = 0;
    for (unsigned bucket = 0; bucket < BUCKET_COUNT; bucket++) {
        seen += histogram->counts[bucket];
        if (seen >= wanted && seen > 0) {
            uint64_t value = largest_in(bucket);
            return value < histogram->largest ? value : histogram->largest;
        }
    }
    return 0;
}
