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

/* Spans are VALUEs, counted from the reader's base. A field whose `has_` is false is zero. */
typedef struct {
    uint64_t type;
    uint64_t time; /* milliseconds since 1970 */
    uint64_t sequence;
    cndn_span key_name;
    cndn_span key_digest;
    cndn_span nonce;
    cndn_span validity_period;
    bool has_key_name : 1;
    bool has_key_digest : 1;
    bool has_nonce : 1;
    bool has_time : 1;
    bool has_sequence : 1;
    bool has_validity_period : 1;
} cndn_signature_info;

/* Reads the VALUE that is left in `r`, whose end is at most CNDN_MAX_PACKET. CNDN_OK or CNDN_INVALID. */
cndn_result cndn_signature_info_parse(cndn_reader r, cndn_signature_info *info);

/* Span of an element's VALUE in a packet of at most CNDN_MAX_PACKET octets. */
static inline cndn_span cndn_value_span(const cndn_element *e) {
    cndn_span span = {(uint16_t)e->value, (uint16_t)e->length};
    return span;
}

#endif
