#ifndef CNDN_SIGN_H
#define CNDN_SIGN_H

#include "signature.h"

/*
 * Keys and signatures of docs/protocol.md 5.3 through OpenSSL. A key is immutable: several threads may use it at once.
 * OpenSSL allocates in these functions; none of them belongs on the path of every packet.
 */
typedef struct cndn_key cndn_key;

/* Octets of the longest signature: RSA with a modulus of 8192 bits. */
#define CNDN_MAX_SIGNATURE 1024u

/* New keys are owned by the caller; NULL when the octets are no such key, or OpenSSL failed. */
cndn_key *cndn_key_generate_p256(void);
/* From DER: PKCS#8, SEC1 ECPrivateKey or PKCS#1 RSAPrivateKey, unencrypted. */
cndn_key *cndn_key_private(const uint8_t *der, size_t length);
/* From a DER SubjectPublicKeyInfo. */
cndn_key *cndn_key_public(const uint8_t *spki, size_t length);
cndn_key *cndn_key_hmac(const uint8_t *octets, size_t length);

/* Frees a key; NULL is allowed. */
void cndn_key_free(cndn_key *key);

/* SignatureType that the key makes: RSA, ECDSA, HMAC or Ed25519. */
uint64_t cndn_key_signature_type(const cndn_key *key);

/* Writes the key as SubjectPublicKeyInfo or as unencrypted PKCS#8. CNDN_OK, CNDN_NOSPACE, CNDN_INVALID. */
cndn_result cndn_key_write_public(const cndn_key *key, cndn_writer *w);
cndn_result cndn_key_write_private(const cndn_key *key, cndn_writer *w);

/* Appends the SignatureValue of a message. CNDN_OK, CNDN_NOSPACE (offer CNDN_MAX_SIGNATURE), CNDN_INVALID. */
cndn_result cndn_sign(cndn_key *key, const uint8_t *message, size_t length, cndn_writer *w);

/* Octets that the longest signature of this key has. */
size_t cndn_key_signature_size(const cndn_key *key);

/*
 * An ECDSA key made ready, for many messages whose SHA-256 was computed elsewhere: a tenth of a signature's time, and locks
 * that all threads share, are spent once. The context belongs to its maker, holds on to the key, and must not be used by two
 * threads at once.
 */
typedef struct cndn_key_context cndn_key_context;

/* For cndn_context_sign, or for cndn_context_verify; NULL for a key of another kind, or when OpenSSL failed. */
cndn_key_context *cndn_key_context_signing(cndn_key *key);
cndn_key_context *cndn_key_context_verifying(cndn_key *key);

/* Frees a context; NULL is allowed. */
void cndn_key_context_free(cndn_key_context *context);

/* Appends the SignatureValue. Returns as cndn_sign does. */
cndn_result cndn_context_sign(cndn_key_context *context, const uint8_t digest[32], cndn_writer *w);

/* Whether the SignatureValue was made for the digest. */
bool cndn_context_verify(cndn_key_context *context, const uint8_t digest[32], const uint8_t *signature,
                         size_t signature_length);

/* Whether a SignatureValue was made for the message with this key (HMAC: compared in constant time). */
bool cndn_verify(cndn_key *key, const uint8_t *message, size_t length, const uint8_t *signature,
                 size_t signature_length);

#endif
