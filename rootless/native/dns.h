/* Answers to questions about a network's members: RFC 1035. Packets come from containers and may be anything. */
#ifndef DNS_H
#define DNS_H

#include <stdbool.h>
#include <stddef.h>

enum { DNS_MAX = 4096, DNS_HEADER = 12 };

enum dns_verdict {
  DNS_DROP,    /* it is no question */
  DNS_ANSWER,  /* the answer is written */
  DNS_FORWARD, /* it is not about a member */
};

/* What is to be done with a packet. `answer` has DNS_MAX bytes, *size of which are written. */
enum dns_verdict dns_consider(const unsigned char *packet, size_t length, unsigned char *answer, size_t *size);
/* An answer without records to a question that dns_consider() wants to forward: 3 no such name, 2 the server fails. */
size_t dns_refuse(const unsigned char *packet, size_t length, int code, unsigned char *answer);

#endif
