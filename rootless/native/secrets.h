/* Secrets of the user's store: `secret-env NAME FILE VARIABLE`, `secret NAME FILE TARGET UID GID MODE`, `secrets PATH`. */
#ifndef SECRETS_H
#define SECRETS_H

#include "plan.h"

/*
 * FILE is one line that describes the secret, and then the secret. Both are done at each start anew, by a process that
 * can reach the user's files.
 */
void read_secret_variables(const struct plan *plan); /* makes an `env` of each `secret-env` */
void open_secrets(const struct plan *plan);          /* what place_secrets writes */

/*
 * secrets PATH: a read-only tmpfs on PATH that has every `secret` whose TARGET is no absolute path; a secret with an
 * absolute TARGET is bound there, and is in memory only, too.
 */
void place_secrets(int root, const char *path);

#endif
