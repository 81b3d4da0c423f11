#include "digest.h"

#include <openssl/evp.h>
#include <string.h>

/* A cndn_digest is an EVP_MD_CTX that keeps the fetched method, so that starting again fetches nothing. */
static EVP_MD_CTX *context(cndn_digest *digest) {
    return (EVP_MD_CTX *)digest;
}

cndn_digest *cndn_digest_new(void) {
    EVP_MD *method = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (!method || !ctx || EVP_DigestInit_ex2(ctx, method, NULL) != 1) {
        EVP_MD_CTX_free(ctx);
        ctx = NULL;
    }
    EVP_MD_free(method); /* the context holds its own reference */
    return (cndn_digest *)ctx;
}

void cndn_digest_free(cndn_digest *digest) {
    EVP_MD_CTX_free(context(digest));
}

void cndn_digest_start(cndn_digest *digest) {
    EVP_DigestInit_ex2(context(digest), NULL, NULL);
}

void cndn_digest_update(cndn_digest *digest, const void *octets, size_t length) {
    EVP_DigestUpdate(context(digest), octets, length);
}

void cndn_digest_finish(cndn_digest *digest, uint8_t out[32]) {
    unsigned length = 0;
    if (EVP_DigestFinal_ex(context(digest), out, &length) != 1 || length != 32) {
        memset(out, 0, 32);
    }
}
