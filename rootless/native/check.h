/*
 * The role check: one health check, in a process of its own. When it is over it says so on standard output, in one
 * piece of at most CHECK_REPORT_MAX bytes: the exit code, a newline, and what the command wrote first. The code is -1
 * where it took longer than check-timeout allows or could not be started. No process that it has started stays.
 */
#ifndef CHECK_H
#define CHECK_H

enum {
  CHECK_OUTPUT_MAX = 4096,                    /* bytes of output that are kept */
  CHECK_REPORT_MAX = CHECK_OUTPUT_MAX + 2304, /* with the code, and an error of the launcher's */
};

#endif
