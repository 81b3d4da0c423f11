#include "sign.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/* A cndn_key is an EVP_PKEY; EVP takes it without const. */
static EVP_PKEY *pkey(const cndn_key *key) {
    return (EVP_PKEY *)(uintptr_t)key;
}

/* SignatureType of what OpenSSL read; 0 for what NDN has no type for. */
static uint64_t signature_type(const EVP_PKEY *key) {
    return EVP_PKEY_is_a(key, "EC")        ? CNDN_SHA256_WITH_ECDSA
           : EVP_PKEY_is_a(key, "HMAC")    ? CNDN_HMAC_WITH_SHA256
           : EVP_PKEY_is_a(key, "ED25519") ? CNDN_ED25519
           : EVP_PKEY_is_a(key, "RSA")     ? CNDN_SHA256_WITH_RSA
                                           : 0;
}

/* Hands out a key of a usable kind that was read from all of its octets; frees any other. */
static cndn_key *checked(EVP_PKEY *key, bool whole) {
    /* A failed attempt leaves its reasons in OpenSSL's queue, where a TLS session would stumble over them. */
    ERR_clear_error();
    if (key && whole && signature_type(key) != 0) {
        return (cndn_key *)key;
    }
    EVP_PKEY_free(key);
    return NULL;
}

cndn_key *cndn_key_generate_p256(void) {
    return checked(EVP_EC_gen("P-256"), true);
}

cndn_key *cndn_key_private(const uint8_t *der, size_t length) {
    const uint8_t *end = der;
    EVP_PKEY *key = length <= INT32_MAX ? d2i_AutoPrivateKey(NULL, &end, (long)length) : NULL;
    return checked(key, end == der + length);
}

cndn_key *cndn_key_public(const uint8_t *spki, size_t length) {
    const uint8_t *end = spki;
    EVP_PKEY *key = length <= INT32_MAX ? d2i_PUBKEY(NULL, &end, (long)length) : NULL;
    return checked(key, end == spki + length);
}

cndn_key *cndn_key_hmac(const uint8_t *octets, size_t length) {
    return checked(EVP_PKEY_new_raw_private_key_ex(NULL, "HMAC", NULL, octets, length), true);
}

void cndn_key_free(cndn_key *key) {
    EVP_PKEY_free(pkey(key));
}

uint64_t cndn_key_signature_type(const cndn_key *key) {
    return signature_type(pkey(key));
}

/* Copies DER that OpenSSL allocated, and frees it; it may hold a private key. */
static cndn_result write_der(uint8_t *der, int length, cndn_writer *w) {
    if (length <= 0) {
        ERR_clear_error();
        return CNDN_INVALID;
    }
    cndn_write_octets(w, der, (size_t)length);
    OPENSSL_clear_free(der, (size_t)length);
    return w->result;
}

cndn_result cndn_key_write_public(const cndn_key *key, cndn_writer *w) {
    uint8_t *der = NULL;
    int length = i2d_PUBKEY(pkey(key), &der);
    return write_der(der, length, w);
}

cndn_result cndn_key_write_private(const cndn_key *key, cndn_writer *w) {
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(pkey(key));
    uint8_t *der = NULL;
    int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : 0;
    PKCS8_PRIV_KEY_INFO_free(info);
    return write_der(der, length, w);
}

/* Ed25519 signs the octets themselves and not a hash of them. */
static const char *hash_name(cndn_key *key) {
    return signature_type(pkey(key)) == CNDN_ED25519 ? NULL : "SHA256";
}

cndn_result cndn_sign(cndn_key *key, const uint8_t *message, size_t length, cndn_writer *w) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t signature[CNDN_MAX_SIGNATURE];
    size_t signature_length = sizeof signature;
    bool made = ctx && EVP_DigestSignInit_ex(ctx, NULL, hash_name(key), NULL, NULL, pkey(key), NULL) == 1 &&
                EVP_DigestSign(ctx, signature, &signature_length, message, length) == 1;
    EVP_MD_CTX_free(ctx);
    if (!made) {
        ERR_clear_error();
        return CNDN_INVALID;
    }
    cndn_write_octets(w, signature, signature_length);
    return w->result;
}

size_t cndn_key_signature_size(const cndn_key *key) {
    int size = EVP_PKEY_get_size(pkey(key));
    return size > 0 ? (size_t)size : 0;
}

/* A cndn_key_context is an EVP_PKEY_CTX. */
static EVP_PKEY_CTX *pkey_context(cndn_key_context *context) {
    return (EVP_PKEY_CTX *)context;
}

/*
 * No digest is set: OpenSSL would fetch it by its name, only to compare the length of what it is given, which is known here.
 */
static cndn_key_context *ready(cndn_key *key, int (*init)(EVP_PKEY_CTX *)) {
    bool usable = signature_type(pkey(key)) == CNDN_SHA256_WITH_ECDSA;
    EVP_PKEY_CTX *context = usable ? EVP_PKEY_CTX_new(pkey(key), NULL) : NULL;
    if (context && init(context) == 1) {
        return (cndn_key_context *)context;
    }
    EVP_PKEY_CTX_free(context);
    ERR_clear_error();
    return NULL;
}

cndn_key_context *cndn_key_context_signing(cndn_key *key) {
    return ready(key, EVP_PKEY_sign_init);
}

cndn_key_context *cndn_key_context_verifying(cndn_key *key) {
    return ready(key, EVP_PKEY_verify_init);
}

void cndn_key_context_free(cndn_key_context *context) {
    EVP_PKEY_CTX_free(pkey_context(context));
}

cndn_result cndn_context_sign(cndn_key_context *context, const uint8_t digest[32], cndn_writer *w) {
    uint8_t signature[CNDN_MAX_SIGNATURE];
    size_t length = sizeof signature;
    if (EVP_PKEY_sign(pkey_context(context), signature, &length, digest, 32) != 1) {
        ERR_clear_error();
        return CNDN_INVALID;
    }
    cndn_write_octets(w, signature, length);
    return w->result;
}

bool cndn_context_verify(cndn_key_context *context, const uint8_t digest[32], const uint8_t *signature,
                         size_t signature_length) {
    bool genuine = EVP_PKEY_verify(pkey_context(context), signature, signature_length, digest, 32) == 1;
    if (!genuine) {
        ERR_clear_error();
    }
    return genuine;
}

static bool verify_hmac(cndn_key *key, const uint8_t *message, size_t length, const uint8_t *signature) {
    uint8_t expected[CNDN_MAX_SIGNATURE];
    cndn_writer w = cndn_writer_make(expected, sizeof expected);
    return cndn_sign(key, message, length, &w) == CNDN_OK && w.pos == 32 && CRYPTO_memcmp(expected, signature, 32) == 0;
}

bool cndn_verify(cndn_key *key, const uint8_t *message, size_t length, const uint8_t *signature,
                 size_t signature_length) {
    if (signature_type(pkey(key)) == CNDN_HMAC_WITH_SHA256) {
        return signature_length == 32 && verify_hmac(key, message, length, signature);
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool genuine = ctx && EVP_DigestVerifyInit_ex(ctx, NULL, hash_name(key), NULL, NULL, pkey(key), NULL) == 1 &&
                   EVP_DigestVerify(ctx, signature, signature_length, message, length) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return genuine;
}
