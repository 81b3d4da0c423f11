#ifndef CNDN_SIGNATURE_H
#define CNDN_SIGNATURE_H

#include "name.h"

/* SignatureInfo and InterestSignatureInfo (docs/protocol.md 4.4, 5.3). */

/* SignatureType numbers. */
enum {
    CNDN_DIGEST_SHA256 = 0,
    CNDN_SHA256_WITH_RSA = 1,
    CNDN_SHA256_WITH_ECDSA = 3,
    CNDN_HMAC_WITH_SHA256 = 4,
    CNDN_ED25519 = 5,
    CNDN_NULL_SIGNATURE = 200
};

enum {
    CNDN_HAS_KEY_NAME = 1 << 0,
    CNDN_HAS_KEY_DIGEST = 1 << 1,
    CNDN_HAS_SIGNATURE_NONCE = 1 << 2,
    CNDN_HAS_SIGNATURE_TIME = 1 << 3,
    CNDN_HAS_SIGNATURE_SEQ_NUM = 1 << 4,
    CNDN_HAS_VALIDITY_PERIOD = 1 << 5
};

/* Spans are VALUEs, counted from the reader's base. A field without its CNDN_HAS_ flag is zero. */
typedef struct {
    uint64_t type;
    uint64_t time; /* milliseconds since 1970 */
    uint64_t sequence;
    cndn_span key_name;
    cndn_span key_digest;
    cndn_span nonce;
    cndn_span validity_period;
    uint16_t flags;
} cndn_signature_info;

/* Reads the VALUE that is left in `r`, whose end is at most CNDN_MAX_PACKET. CNDN_OK or CNDN_INVALID. */
cndn_result cndn_signature_info_parse(cndn_reader r, cndn_signature_info *info);

/* Span of an element's VALUE in a packet of at most CNDN_MAX_PACKET octets. */
static inline cndn_span cndn_value_span(const cndn_element *e) {
    cndn_span span = {(uint16_t)e->value, (uint16_t)e->length};
    return span;
}

#endif
