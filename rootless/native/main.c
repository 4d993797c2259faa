/* The launcher: carries out one plan. It decides nothing: what is to be done is in the plan. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "init.h"
#include "plan.h"
#include "preserve.h"
#include "restart.h"
#include "roles.h"
#include "sealed.h"
#include "stream.h"

static const struct {
  const char *name;
  int (*run)(const struct plan *plan);
} roles[] = {
    {"attach", role_attach},
    {"check", role_check},
    {"check-now", role_check_now},
    {"enter", role_enter},
    {"exec", role_exec},
    {"hub", role_hub},
    {"hub-ask", role_hub_ask},
    {"hub-return", role_hub_return},
    {"lock", role_lock},
    {"rotate", role_rotate},
    {"run", role_run},
    {"signal", role_signal},
    {"wait", role_wait},
};

int main(int argc, char **argv, char **environment) {
  if (argc == 2 && strcmp(argv[0], "tsc-pod-init") == 0) init_main(argv[1]);
  run_sealed(argv, environment);
  struct plan plan;
  size_t length;
  char *text;
  const char *again = argc == 3 && strncmp(argv[2], "again:", 6) == 0 ? argv[2] : NULL;
  if (argc == 2 || again) {
    text = plan_read_file(argv[1], &length);
  } else if (argc == 3 && strcmp(argv[1], "-c") == 0) {
    text = argv[2];
    length = strlen(text);
  } else {
    die("usage: tsc-pod-launcher PLAN-FILE | -c PLAN");
  }
  plan_parse(&plan, text, length);
  if (again) restart_resume(again);
  else keep_preserved(&plan); /* any other could be reached by /proc/self/fd from the container until it is executed */
  if (argc == 2) plan.file = argv[1];
  if (plan.file && plan_find(&plan, "unlink-plan") && !plan_find(&plan, "restart")) unlink(plan.file);
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
    if (strcmp(roles[i].name, plan.role) == 0) return code_after_output(roles[i].run(&plan));
  bug("unknown role %.20s", plan.role);
}
