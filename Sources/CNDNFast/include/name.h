#ifndef CNDN_NAME_H
#define CNDN_NAME_H

#include "tlv.h"

/*
 * Names and their components (docs/protocol.md 3). A Name is handled as its TLV-VALUE: component elements back to back.
 * Functions that take a "checked" value rely on cndn_name_check having accepted the same octets.
 */

enum {
    CNDN_IMPLICIT_DIGEST = 1,
    CNDN_PARAMETERS_DIGEST = 2,
    CNDN_KEYWORD = 32,
    CNDN_SEGMENT = 50
};

/* What a decoder wants to know of a Name; offsets count from the base given to cndn_name_check. */
typedef struct {
    size_t components;
    size_t implicit_digests;
    size_t parameters_digests;
    size_t parameters_digest; /* start of the (last) ParametersSha256Digest component, if there is one */
} cndn_name_info;

/* Reads one component and steps over it: TYPE 1 ... 65535, digests of 32 octets. CNDN_OK or CNDN_INVALID. */
cndn_result cndn_read_component(cndn_reader *r, cndn_element *component);

/* Checks the TLV-VALUE that is left in `r`. CNDN_OK or CNDN_INVALID. */
cndn_result cndn_name_check(cndn_reader r, cndn_name_info *info);

/* Number of components of a checked value. */
size_t cndn_name_count(const uint8_t *value, size_t length);

/* Octets of the first n components of a checked value; all of it when it has fewer. */
size_t cndn_name_prefix(const uint8_t *value, size_t length, size_t n);

/*
 * Splits a checked value whose last component is a Segment in its shortest form (docs/protocol.md 3.2): octets before that
 * component, and its number. False for any other name.
 */
bool cndn_name_split_segment(const uint8_t *value, size_t length, size_t *prefix, uint64_t *segment);

/* Canonical order of two checked values: negative, zero or positive as memcmp has it. */
int cndn_name_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length);

/* Octets of a Segment component: TYPE, LENGTH and shortest number. */
static inline size_t cndn_segment_size(uint64_t segment) {
    return 2 + cndn_nni_size(segment);
}

#endif
