#define _GNU_SOURCE
#include "server_usage.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

bool server_cpu_time(pid_t process, uint64_t *nanoseconds) {
    /* The clock counts in nanoseconds, /proc/PID/stat only in hundredths of a second. */
    clockid_t clock;
    struct timespec time;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &time) != 0) return false;
    *nanoseconds = (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
    return true;
}

static bool read_kilobytes(pid_t process, const char *file, const char *format, uint64_t *bytes) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, file);
    FILE *stream = fopen(path, "r");
    if (stream == NULL) return false;
    char line[256];
    bool found = false;
    while (!found && fgets(line, sizeof line, stream) != NULL) {
        uint64_t kilobytes;
        if (sscanf(line, format, &kilobytes) == 1) {
            *bytes = kilobytes * 1024;
            found = true;
        }
    }
    fclose(stream);
    return found;
}

bool server_memory(pid_t process, uint64_t *bytes) {
    /* The roll-up walks the page tables. RssAnon may be behind by 64 pages a processor. */
    return read_kilobytes(process, "smaps_rollup", "Anonymous: %" SCNu64 " kB", bytes) ||
           read_kilobytes(process, "status", "RssAnon: %" SCNu64 " kB", bytes);
}
