/* Answers to questions about a network's members: RFC 1035. Packets come from containers and may be anything. */
#ifndef DNS_H
#define DNS_H

#include <stdbool.h>
#include <stddef.h>

#include "hub-names.h"

enum { DNS_MAX = 4096, DNS_ANSWER_MAX = 16384, DNS_HEADER = 12 };
enum { DNS_SERVER_FAILS = 2, DNS_NO_SUCH_NAME = 3, DNS_NOT_DONE = 4, DNS_REFUSED = 5 };

enum dns_verdict {
  DNS_DROP,    /* it is no question */
  DNS_ANSWER,  /* the answer is written */
  DNS_FORWARD, /* it is not about a member */
};

struct dns_question {
  struct member_address asker;
  bool stream; /* by TCP: an answer may be long, RFC 7766 */
  const unsigned char *packet;
  size_t length;
};

/* What is to be done with a packet. `answer` has DNS_ANSWER_MAX bytes, *size of which are written. */
enum dns_verdict dns_consider(const struct dns_question *asked, unsigned char *answer, size_t *size);
/* An answer without records to a question that dns_consider() wants to forward; 0: to none. `answer` has DNS_MAX bytes. */
size_t dns_refuse(const unsigned char *packet, size_t length, int code, unsigned char *answer);

#endif
