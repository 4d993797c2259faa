#ifndef STREAM_H
#define STREAM_H

#include <stdbool.h>

/*
 * Whether a command may have one of the caller's streams as it is. A pipe and the null device are nothing but what goes
 * through them. All else gets a pipe between: by /proc/self/fd a file that is only read or appended to could be opened
 * anew, overwritten and given another mode, and a directory be left upwards, for the container's root owns on the
 * host what the caller owns. Nor would /dev/stdout open: a socket can't be at all, a terminal only by its owner.
 */
bool may_have_stream(int fd);
bool same_file(int one, int other);
/*
 * How much of what a process wrote may still be in a pipe or a terminal that it has left, in bytes. What is read beyond that
 * is others': in a container anybody may open it anew by /proc/PID/fd, and write without end.
 */
long left_in(int fd);
/*
 * Output couldn't be written to the caller's standard output or error; errno says why. The first time this says it, unless
 * who would read is gone: a pipe's reader, or the terminal. `code_after_output`: the exit code then, else `code`.
 */
void output_failed(int fd);
int code_after_output(int code);
/* Waits until it polls as readable: more than 0 then, 0 after `limit_ms` milliseconds. */
int await_readable(int fd, int limit_ms);

/* The command's end is returned, the other one, which doesn't wait, is put out. Both are closed on execve(2). */
int output_pipe(int *read_end);
int input_pipe(int *write_end);

#endif
