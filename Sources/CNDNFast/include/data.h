#ifndef CNDN_DATA_H
#define CNDN_DATA_H

#include "digest.h"
#include "signature.h"

/* Data packets (docs/protocol.md 5). */

/* A decoded Data. All offsets count from the first octet of the packet; spans are VALUEs. */
typedef struct {
    uint64_t content_type;
    uint64_t freshness; /* milliseconds */
    cndn_span name;
    cndn_span final_block; /* one component element */
    cndn_span content;
    cndn_span signature_info;
    cndn_span signature_value;
    uint16_t signed_start; /* offset of the first octet that the signature covers */
    uint16_t signed_end;   /* offset of the first octet behind those */
    bool has_content : 1;
    bool has_final_block : 1;
} cndn_data;

/*
 * Decodes exactly one Data. CNDN_INCOMPLETE if octets are missing, CNDN_INVALID if a MUST is broken, octets follow or
 * the packet exceeds CNDN_MAX_PACKET. Does not verify the signature.
 */
cndn_result cndn_data_decode(const uint8_t *packet, size_t length, cndn_data *data);

/*
 * A Data packet of a segmented object, whose payload arrives in its place. It is signed with DigestSha256 by
 * cndn_segment_sign, or, when trailer_length is not 0, by the caller, who writes that many octets behind the payload. The
 * caller fills the first group, cndn_segment_layout the second.
 */
typedef struct {
    size_t prefix_length;  /* octets of the Name's VALUE before the segment component */
    size_t payload_length; /* at most CNDN_MAX_PACKET */
    uint64_t segment;
    uint64_t final_segment;
    uint64_t freshness; /* milliseconds */
    size_t trailer_length; /* octets of SignatureInfo and what follows; at most CNDN_MAX_PACKET */

    size_t name_length;
    size_t meta_length;
    size_t value_length;
    size_t signed_offset;  /* offset of the Name element, whose first octet is the first that is signed */
    size_t payload_offset; /* offset of the Content's VALUE */
    size_t size;           /* octets of the packet */
} cndn_segment_data;

/* Computes sizes. CNDN_NOSPACE if the packet would exceed CNDN_MAX_PACKET. */
cndn_result cndn_segment_layout(cndn_segment_data *data);

/*
 * Writes the octets before the payload, payload_offset of them, into `packet`. `prefix` is the checked Name value of
 * prefix_length octets.
 */
void cndn_segment_write_header(const cndn_segment_data *data, const uint8_t *prefix, uint8_t *packet);

/* Appends SignatureInfo and SignatureValue behind the payload that stands in `packet`, which has `size` octets. */
void cndn_segment_sign(const cndn_segment_data *data, uint8_t *packet, cndn_digest *digest);

/* The same for two packets of one layout, of which only the segment numbers differ. */
void cndn_segment_sign_pair(const cndn_segment_data *data, uint8_t *first, uint8_t *second, cndn_digest *digest);

#endif
