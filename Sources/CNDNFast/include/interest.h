#ifndef CNDN_INTEREST_H
#define CNDN_INTEREST_H

#include "signature.h"

/* Interest packets (docs/protocol.md 4). */

/* Octets of a ParametersSha256Digest component, TYPE and LENGTH included. */
#define CNDN_DIGEST_COMPONENT 34u

/* A decoded Interest. All offsets count from the first octet of the packet; spans are VALUEs. */
typedef struct {
    uint64_t lifetime; /* milliseconds, with has_lifetime */
    cndn_span name;
    cndn_span forwarding_hint; /* Name elements back to back, none when absent */
    cndn_span parameters;
    cndn_span signature_info;
    cndn_span signature_value;
    uint16_t value;                 /* offset of the Interest's VALUE */
    uint16_t end;                   /* octets of the Interest, which begins at offset 0 */
    uint16_t nonce;                 /* offset of the Nonce's 4 octets, or of where a Nonce element would be inserted */
    uint16_t hop_limit;             /* offset of the HopLimit's octet, or of where a HopLimit element would be inserted */
    uint16_t parameters_digest;     /* offset of the digest component in the Name; only with parameters */
    uint16_t parameters_start;      /* offset of the TYPE of ApplicationParameters */
    uint16_t signature_value_start; /* offset of the TYPE of InterestSignatureValue */
    bool can_be_prefix : 1;
    bool must_be_fresh : 1;
    bool has_nonce : 1;
    bool has_lifetime : 1;
    bool has_hop_limit : 1;
    bool has_parameters : 1;
    bool has_signature_info : 1;
    bool has_signature_value : 1;
} cndn_interest;

/*
 * Decodes exactly one Interest. CNDN_INCOMPLETE if octets are missing, CNDN_INVALID if a MUST is broken, octets follow
 * or the packet exceeds CNDN_MAX_PACKET. Does not compute the parameters digest: a producer must, a forwarder need not.
 */
cndn_result cndn_interest_decode(const uint8_t *packet, size_t length, cndn_interest *interest);

/* All of an Interest for a segment of one object but the segment's number and the nonce. */
typedef struct {
    size_t prefix_length; /* octets of the Name's VALUE before the segment component */
    uint64_t lifetime;    /* milliseconds, with has_lifetime */
    bool has_lifetime;
    bool must_be_fresh;
} cndn_segment_interest;

/* Octets that cndn_segment_interest_write needs at most. */
size_t cndn_segment_interest_bound(const cndn_segment_interest *interest);

/*
 * Writes the Interest for one segment; `w->result` tells whether it fitted. `prefix` is the checked Name value of
 * prefix_length octets.
 */
void cndn_segment_interest_write(const cndn_segment_interest *interest, const uint8_t *prefix, uint64_t segment,
                                 uint32_t nonce, cndn_writer *w);

#endif
