/* Deprecated since OpenSSL 3.0 in favour of EVP, which there allocates a state for each message: one for each packet. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

struct cndn_digest {
    SHA256_CTX state;
};

cndn_digest *cndn_digest_new(void) {
    cndn_digest *digest = OPENSSL_malloc(sizeof *digest);
    if (digest) {
        SHA256_Init(&digest->state);
    }
    return digest;
}

void cndn_digest_free(cndn_digest *digest) {
    OPENSSL_free(digest);
}

/* None of the following can fail: they return 1 always. */

void cndn_digest_start(cndn_digest *digest) {
    SHA256_Init(&digest->state);
}

void cndn_digest_update(cndn_digest *digest, const void *octets, size_t length) {
    SHA256_Update(&digest->state, octets, length);
}

void cndn_digest_finish(cndn_digest *digest, uint8_t out[32]) {
    SHA256_Final(out, &digest->state);
}

void cndn_digest_whole(cndn_digest *digest, const void *message, size_t length, uint8_t out[32]) {
    cndn_digest_start(digest);
    cndn_digest_update(digest, message, length);
    cndn_digest_finish(digest, out);
}
