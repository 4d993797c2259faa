#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

/* Milliseconds that only go forward. */
long long clock_ms(void);

/* Of two time-outs, as poll(2) has them: less than 0 is never. */
int sooner(int one, int other);

enum { TIME_TEXT_MAX = 48 };
/* RFC 3339 with nanoseconds, in UTC; `zone`: "Z" or "+00:00". Returns the length. */
size_t time_text(char text[TIME_TEXT_MAX], struct timespec time, const char *zone);
struct timespec clock_now(void);

#endif
