#define _GNU_SOURCE
#include "pack-data.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "die.h"
#include "op-stream.h"
#include "op-writer.h"

enum {
  PIECES = 1 << 16,            /* of one file; what comes behind them is one piece more */
  PIECES_IN_OP = BODY_BYTES / 16,
};

struct piece {
  off_t from, to;
};

static void add_piece(struct piece **pieces, int *count, off_t from, off_t to) {
  if ((*count & (*count - 1)) == 0) {
    *pieces = realloc(*pieces, (size_t)(*count ? 2 * *count : 1) * sizeof **pieces);
    if (!*pieces) die("out of memory");
  }
  (*pieces)[(*count)++] = (struct piece){from, to};
}

static bool is_zero(const char *bytes, size_t length) {
  return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* For file systems that don't tell where the holes are (FUSE): blocks of zeros are taken for such. */
static int scan_pieces(int fd, const struct stat *about, struct piece **pieces) {
  static char chunk[1 << 16];
  enum { BLOCK = 4096 };
  int count = 0;
  off_t begin = -1, at = 0;
  for (ssize_t n; at < about->st_size && count < PIECES - 1; at += n) {
    do n = pread(fd, chunk, sizeof chunk, at);
    while (n < 0 && errno == EINTR);
    if (n <= 0) break;
    for (ssize_t i = 0; i < n; i += BLOCK) {
      bool zero = is_zero(chunk + i, n - i < BLOCK ? (size_t)(n - i) : BLOCK);
      if (zero && begin >= 0) add_piece(pieces, &count, begin, at + i);
      if (zero) begin = -1;
      else if (begin < 0) begin = at + i;
    }
  }
  if (begin < 0 && at < about->st_size) begin = at; /* unread: whoever writes it sees why */
  if (begin >= 0) add_piece(pieces, &count, begin, about->st_size);
  return count;
}

/* Where the data of a file lies, lseek(2); the count, or -1 when there is no hole. */
static int find_pieces(int fd, const struct stat *about, struct piece **pieces) {
  int count = 0;
  *pieces = NULL;
  if (about->st_blocks >= (about->st_size + 511) / 512) return -1;
  for (off_t at = 0; at < about->st_size;) {
    off_t data = lseek(fd, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break; /* a hole up to the end */
    off_t end = data < 0 || count == PIECES - 1 ? about->st_size : lseek(fd, data, SEEK_HOLE);
    if (data < 0) data = at;
    if (data >= about->st_size) break;
    if (end < 0 || end > about->st_size) end = about->st_size;
    add_piece(pieces, &count, data, end);
    at = end;
  }
  if (count != 1 || (*pieces)[0].from != 0 || (*pieces)[0].to != about->st_size) return count;
  count = 0;
  return scan_pieces(fd, about, pieces);
}

static bool write_map(const struct piece *pieces, int count) {
  static unsigned char body[BODY_BYTES];
  int i = 0;
  do {
    unsigned char *at = body;
    for (int n = 0; n < PIECES_IN_OP && i < count; n++, i++) {
      at = put_u64(at, (uint64_t)pieces[i].from);
      at = put_u64(at, (uint64_t)(pieces[i].to - pieces[i].from));
    }
    if (!write_op('m', 0, "", body, (size_t)(at - body))) return false;
  } while (i < count);
  return true;
}

static bool write_piece(int fd, off_t at, off_t end) {
  while (at < end) {
    size_t room;
    unsigned char *to = data_room(&room);
    if (!to) return false;
    if ((off_t)room > end - at) room = (size_t)(end - at);
    ssize_t n = pread(fd, to, room, at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) { /* it was cut short meanwhile */
      memset(to, 0, room);
      n = (ssize_t)room;
    }
    if (!write_data((size_t)n)) return false;
    at += n;
  }
  return true;
}

static bool write_hole(off_t length) {
  unsigned char body[8];
  put_u64(body, (uint64_t)length);
  return length == 0 || write_op('H', 0, "", body, sizeof body);
}

bool write_content(int fd, const struct stat *about) {
  struct piece *pieces;
  int count = find_pieces(fd, about, &pieces);
  off_t at = 0;
  bool good = count < 0 ? write_piece(fd, 0, about->st_size) : write_map(pieces, count);
  for (int i = 0; i < count && good; i++) {
    good = write_hole(pieces[i].from - at) && write_piece(fd, pieces[i].from, pieces[i].to);
    at = pieces[i].to;
  }
  if (good && count >= 0) good = write_hole(about->st_size - at);
  free(pieces);
  return good;
}
