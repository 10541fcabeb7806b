#ifndef LOADGENERATOR_SERVER_USAGE_H
#define LOADGENERATOR_SERVER_USAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* User and system time of all threads of the process, also of those that have ended. */
bool server_cpu_time(pid_t process, uint64_t *nanoseconds);

/* Anonymous memory that is resident: heap and stacks, without the program's files. */
bool server_memory(pid_t process, uint64_t *bytes);

#endif
