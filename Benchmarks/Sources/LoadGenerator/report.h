#ifndef LOADGENERATOR_REPORT_H
#define LOADGENERATOR_REPORT_H

#include "run.h"

/* One line of JSON on standard output. */
void report(const struct run *run);

#endif
