/*
 * cgroup WAYS PLAN [PID]: the letters of WAYS in turn: m enters and makes the groups of the plan, p places PID, o tells whether
 * the kernel killed for memory, r removes, j joins.
 */
#define _GNU_SOURCE
#include "cgroup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message.h"

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

int main(int argc, char **argv) {
  struct plan plan;
  plan_parse(&plan, argv[2], strlen(argv[2]));
  for (const char *way = argv[1]; *way; way++) {
    if (*way == 'm') {
      cgroup_enter(&plan, false);
      cgroup_make(&plan);
    }
    if (*way == 'p') cgroup_place(atoi(argc > 3 ? argv[3] : "1"));
    if (*way == 'o') puts(cgroup_saw_oom() ? "killed for memory" : "not killed");
    if (*way == 'r') cgroup_remove();
    if (*way == 'j') cgroup_join(&plan);
  }
  return 0;
}
