#ifndef LOADGENERATOR_HISTOGRAM_H
#define LOADGENERATOR_HISTOGRAM_H

#include <stdint.h>

/* 128 linear buckets in every power of two: a value is off by less than 1/128 of itself. */
enum { BUCKET_BITS = 7, BUCKET_COUNT = (64 - BUCKET_BITS + 1) << BUCKET_BITS };

struct histogram {
    uint64_t counts[BUCKET_COUNT];
    uint64_t total;
    uint64_t largest;
};

void histogram_record(struct histogram *histogram, uint64_t value);

/* Adds what another has recorded. */
void histogram_add(struct histogram *histogram, const struct histogram *other);

/* The value that the given share (0...1) of all values does not exceed; 0 when there are none. */
uint64_t histogram_quantile(const struct histogram *histogram, double share);

#endif
