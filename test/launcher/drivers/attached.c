/*
 * attached SCENE: the monitor's side of the attach socket, with clients in this very process and a clock of its own. Prints
 * what each client gets.
 */
#define _GNU_SOURCE
#include "clients.c"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "message.h"

static long long moment = 1000;
long long clock_ms(void) { return moment; }

bool send_error(int socket, int code, const char *text, size_t length) {
  (void)socket, (void)code, (void)text, (void)length;
  return false;
}

static char data[FRAME_MAX], got[FRAME_MAX + 1];

static bool print_frame(void *context, int client, const char *frame, size_t length) {
  (void)context, (void)client;
  if (frame[0] != FRAME_WANT) printf("frame %c %.*s\n", frame[0], (int)length - 1, frame + 1);
  return false;
}

static void turn(void) {
  struct pollfd polls[CLIENTS_MAX + 1];
  int watched = clients_watch(polls, true);
  poll(polls, (nfds_t)watched, 0);
  clients_serve(polls, watched, print_frame, NULL);
}

static int join(unsigned char streams) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "attach"};
  int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) abort();
  char frame[2] = {FRAME_WANT, (char)streams};
  if (streams && send(fd, frame, 2, MSG_NOSIGNAL) != 2) abort();
  return fd;
}

/* Everything that has come, as the letters of the frames with the last one's first byte; ! for the end. */
static void show(const char *name, int fd) {
  ssize_t length;
  int frames = 0;
  printf("%s:", name);
  while ((length = recv(fd, got, sizeof got, 0)) > 0) {
    if (frames++ < 3 || got[0] == FRAME_EXIT) printf(" %c%d", got[0], got[0] == FRAME_EXIT ? (unsigned char)got[1] : (int)length - 1);
  }
  puts(length == 0 ? " !" : "");
}

/* Output until somebody owes the next piece. */
static int offer_until_full(void) {
  int pieces = 0;
  while (!clients_waiting() && pieces < 10000) {
    clients_offer(FRAME_OUTPUT, data, sizeof data);
    pieces++;
  }
  return pieces;
}

static void slow(void) {
  int lazy = join(WANT_OUTPUT), keen = join(WANT_OUTPUT | WANT_ERRORS), waiter = join(0);
  for (int i = 0; i < 6; i++) turn();
  clients_offer(FRAME_ERRORS, "e", 1);
  show("keen", keen);
  int pieces = 0;
  while (!clients_waiting() && pieces++ < 10000) {
    clients_offer(FRAME_OUTPUT, data, sizeof data);
    while (recv(keen, got, sizeof got, 0) > 0) continue;
  }
  printf("full %d, least %d ms\n", pieces < 10000, clients_timeout());
  moment += STALL_MS - 1;
  turn();
  printf("waiting %d, least %d ms\n", clients_waiting(), clients_timeout());
  moment++;
  turn();
  printf("waiting %d, least %d ms\n", clients_waiting(), clients_timeout());
  clients_offer(FRAME_EXIT, "\7", 1);
  show("keen", keen);
  show("waiter", waiter);
  show("lazy", lazy);
}

static void wakes(void) {
  int lazy = join(WANT_OUTPUT);
  turn(), turn();
  offer_until_full();
  moment += STALL_MS / 2;
  while (recv(lazy, got, sizeof got, 0) > 0) continue;
  turn();
  printf("waiting %d, least %d ms\n", clients_waiting(), clients_timeout());
  show("lazy", lazy);
}

/* Those who come and go in any order, more than can be served; the last to come are told of the end. */
static void crowd(void) {
  enum { ALL = 2 * CLIENTS_MAX };
  int fds[ALL], left = 0, told = 0;
  srand(1);
  for (int i = 0; i < ALL; i++) fds[i] = -1;
  for (int round = 0; round < 20000; round++) {
    int i = rand() % 60;
    if (fds[i] < 0) fds[i] = join((unsigned char)(rand() % 4));
    else if (rand() % 2) {
      close(fds[i]);
      fds[i] = -1;
    } else while (recv(fds[i], got, sizeof got, 0) > 0) continue;
    turn();
    if (!clients_waiting()) clients_offer(rand() % 2 ? FRAME_OUTPUT : FRAME_ERRORS, data, (size_t)(rand() % 64));
    moment += rand() % 50;
  }
  for (int i = 0; i < 60; i++)
    if (fds[i] >= 0) close(fds[i]);
  for (int i = 0; i < 200; i++) turn();
  printf("clients %d\n", count);
  for (int i = 0; i < 40; i++) fds[i] = join(0);
  clients_accept_last();
  clients_offer(FRAME_EXIT, "\5", 1);
  for (int i = 0; i < 40; i++) {
    if (recv(fds[i], got, sizeof got, 0) == 2 && got[0] == FRAME_EXIT && got[1] == 5) told++;
    else left++;
  }
  printf("told %d, not %d\n", told, left);
}

/* Over to the next image: who wants what, who has ended the input, and input that waits. */
static void moves(void) {
  int fds[CLIENTS_MAX + 1];
  char words[CLIENTS_MAX + 1];
  int both = join(WANT_OUTPUT | WANT_ERRORS), ender = join(WANT_OUTPUT);
  for (int i = 0; i < 6; i++) turn();
  send(ender, "I", 1, MSG_NOSIGNAL);
  turn(), turn();
  clients_hold_input();
  send(both, "Ikept", 5, MSG_NOSIGNAL);
  turn(), turn();
  int kept = clients_keep(fds, words);
  printf("kept %d, %s\n", kept, words);
  for (int i = 0; i < kept; i++) dup2(fds[i], 100 + i);
  count = 0;
  holding = false;
  clients_inherited(100, words);
  printf("input ended %d\n", clients_ended_input());
  turn(), turn();
  clients_offer(FRAME_ERRORS, "e", 1);
  show("both", both);
  show("ender", ender);
}

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  setvbuf(stdout, NULL, _IONBF, 0);
  clients_listen(-1, 0);
  if (strcmp(argv[1], "slow") == 0) slow();
  if (strcmp(argv[1], "wakes") == 0) wakes();
  if (strcmp(argv[1], "crowd") == 0) crowd();
  if (strcmp(argv[1], "moves") == 0) moves();
  return 0;
}
