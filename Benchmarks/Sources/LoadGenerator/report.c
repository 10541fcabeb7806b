#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const double MEBIBYTE = 1024 * 1024;

static void print_latencies(const struct histogram *latencies) {
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p10", 0.1}, {"p25", 0.25},  {"p50", 0.5},     {"p75", 0.75},
                     {"p90", 0.9}, {"p95", 0.95},  {"p99", 0.99},    {"p99.5", 0.995},
                     {"p99.9", 0.999}, {"max", 1}};
    if (latencies->total == 0) {
        printf("null");
        return;
    }
    for (size_t index = 0; index < sizeof quantiles / sizeof *quantiles; index++) {
        uint64_t value = histogram_quantile(latencies, quantiles[index].share);
        printf("%s\"%s\":%.3f", index == 0 ? "{" : ",", quantiles[index].name,
               (double)value / 1000);
    }
    printf("}");
}

static void print_or_null(const char *key, bool known, double value) {
    if (known) {
        printf(",\"%s\":%.1f", key, value);
    } else {
        printf(",\"%s\":null", key);
    }
}

void report(const struct run *run) {
    const struct options *options = run->options;
    const struct workload *workload = options->workload;
    bool in_mebibytes = strcmp(workload->unit, "MiB") == 0;
    double operations = in_mebibytes ? (double)run->bytes / MEBIBYTE : (double)run->operations;
    bool measured = run->window_end > run->window_start;
    double seconds = measured ? (double)(run->window_end - run->window_start) / 1e9 : 0;
    bool server_known = options->server_process != 0 && !run->failed && operations > 0;
    printf("{\"workload\":\"%s\",\"unit\":\"%s\",\"connections\":%zu,\"size\":%zu,\"depth\":%zu",
           workload->name, workload->unit, options->connections, options->size, options->depth);
    printf(",\"seconds\":%.3f,\"operations\":%.3f", seconds, operations);
    print_or_null("operations_per_second", measured, operations / seconds);
    printf(",\"bytes\":%" PRIu64, run->bytes);
    print_or_null("cpu_ns_per_operation", server_known, (double)run->cpu_time / operations);
    print_or_null("client_cpu_ns_per_operation", operations > 0,
                  (double)run->own_cpu_time / operations);
    print_or_null("bytes_per_connection", server_known && workload == &idle_workload,
                  (double)run->memory_growth / (double)options->connections);
    printf(",\"latency_us\":");
    print_latencies(&run->latencies);
    printf(",\"errors\":%d}\n", run->failed ? 1 : 0);
}
