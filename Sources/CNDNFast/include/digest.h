#ifndef CNDN_DIGEST_H
#define CNDN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * SHA-256 through OpenSSL. One context is made by its owner and used again for every message; it must not be used by two
 * threads at once. OpenSSL fetches the method in cndn_digest_new only; version 3.0 allocates its state in each start.
 */
typedef struct cndn_digest cndn_digest;

/* A context, owned by the caller; NULL if OpenSSL has no memory or no SHA-256. */
cndn_digest *cndn_digest_new(void);

/* Frees a context; NULL is allowed. */
void cndn_digest_free(cndn_digest *digest);

/* Begins a message; what was hashed since the last start is forgotten. */
void cndn_digest_start(cndn_digest *digest);

void cndn_digest_update(cndn_digest *digest, const void *octets, size_t length);

/* Writes the 32 octets of the digest; all zero, which nothing hashes to, if OpenSSL failed. Then start again. */
void cndn_digest_finish(cndn_digest *digest, uint8_t out[32]);

#endif
