#ifndef CNDN_DIGEST_H
#define CNDN_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/*
 * SHA-256 through OpenSSL. One context is made by its owner and used again for every message; it must not be used by two
 * threads at once. Nothing is allocated after cndn_digest_new.
 */
typedef struct cndn_digest cndn_digest;

/* A context that has hashed nothing yet, owned by the caller; NULL if OpenSSL has no memory. */
cndn_digest *cndn_digest_new(void);

/* Frees a context; NULL is allowed. */
void cndn_digest_free(cndn_digest *digest);

/* Begins a message; what was hashed since the last start is forgotten. */
void cndn_digest_start(cndn_digest *digest);

void cndn_digest_update(cndn_digest *digest, const void *octets, size_t length);

/* Writes the 32 octets of the digest. Then start again. */
void cndn_digest_finish(cndn_digest *digest, uint8_t out[32]);

/* Writes the digest of one message that is all there. Then start again. */
void cndn_digest_whole(cndn_digest *digest, const void *message, size_t length, uint8_t out[32]);

/*
 * Writes the digests of two messages of the same length, none of which may be written to meanwhile. With the SHA extensions
 * of x86 they are hashed side by side, in the time of one; elsewhere one after the other in the context, which in both
 * cases has to start again.
 */
void cndn_digest_pair(cndn_digest *digest, const uint8_t *first, const uint8_t *second, size_t length,
                      uint8_t first_out[32], uint8_t second_out[32]);

#endif
