#define _GNU_SOURCE
#include "clock.h"

#include <stdio.h>

long long clock_ms(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

int sooner(int one, int other) {
  if (one < 0) return other;
  return other < 0 || one < other ? one : other;
}

struct timespec clock_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time;
}

size_t time_text(char text[TIME_TEXT_MAX], struct timespec time, const char *zone) {
  struct tm parts;
  gmtime_r(&time.tv_sec, &parts);
  size_t length = strftime(text, TIME_TEXT_MAX, "%Y-%m-%dT%H:%M:%S", &parts);
  return length + (size_t)snprintf(text + length, TIME_TEXT_MAX - length, ".%09ld%s", time.tv_nsec, zone);
}
