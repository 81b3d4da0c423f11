#ifndef CNDN_TLV_H
#define CNDN_TLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * TLV of the NDN packet specification (docs/protocol.md 2): the only place that reads or writes it.
 *
 * Nothing here allocates, keeps state or aborts. A reader never looks outside [base + pos, base + end); a writer never
 * writes outside [base, base + end). Pointers may be NULL only together with a length of zero. Numbers that a peer
 * sent are never added to a position before cndn_take has compared them with what is left.
 */

/* Octets that NDN forwarders pass on as one packet, outer TYPE and LENGTH included. */
#define CNDN_MAX_PACKET 8800u

/* Octets of the longest var-number. */
#define CNDN_MAX_VARNUM 9u

typedef enum {
    CNDN_OK = 0,
    CNDN_INCOMPLETE = 1, /* the input ends inside the element: on a stream, wait for more */
    CNDN_INVALID = 2,    /* the input breaks a MUST of the specification, however it goes on */
    CNDN_NOSPACE = 3     /* the output does not fit into the caller's memory */
} cndn_result;

/* Octets of a packet of at most CNDN_MAX_PACKET, counted from its first octet. */
typedef struct {
    uint16_t offset;
    uint16_t length;
} cndn_span;

/* A cursor over the caller's octets; `pos` is the next octet, `end` one past the last. */
typedef struct {
    const uint8_t *base;
    size_t pos;
    size_t end;
} cndn_reader;

/* One element; offsets count from the reader's base. */
typedef struct {
    size_t start;  /* of TYPE */
    size_t value;  /* of VALUE */
    size_t length; /* of VALUE */
    uint32_t type; /* 1 ... 2^32-1 */
} cndn_element;

/* A cursor over the caller's memory. After the first CNDN_NOSPACE it stays in that state and writes nothing more. */
typedef struct {
    uint8_t *base;
    size_t pos;
    size_t end;
    cndn_result result;
} cndn_writer;

static inline cndn_reader cndn_reader_make(const void *base, size_t length) {
    cndn_reader r = {(const uint8_t *)base, 0, length};
    return r;
}

/* Steps over n octets and gives their start: the one bounds check of all decoders. NULL if fewer are left. */
static inline const uint8_t *cndn_take(cndn_reader *r, uint64_t n) {
    if (n > r->end - r->pos) {
        return NULL;
    }
    const uint8_t *p = r->base + r->pos;
    r->pos += (size_t)n;
    return p;
}

static inline bool cndn_at_end(const cndn_reader *r) {
    return r->pos == r->end;
}

/* Big endian number of n = 1, 2, 4 or 8 octets. */
static inline uint64_t cndn_load(const uint8_t *p, size_t n) {
    uint64_t v = 0;
    for (size_t i = 0; i < n; i++) {
        v = v << 8 | p[i];
    }
    return v;
}

/* Reads a var-number: CNDN_OK, CNDN_INCOMPLETE, or CNDN_INVALID when it is not in its shortest form. */
static inline cndn_result cndn_read_varnum(cndn_reader *r, uint64_t *number) {
    const uint8_t *first = cndn_take(r, 1);
    if (!first) {
        return CNDN_INCOMPLETE;
    }
    if (*first < 0xFD) {
        *number = *first;
        return CNDN_OK;
    }
    size_t n = (size_t)2 << (*first - 0xFD);
    const uint8_t *p = cndn_take(r, n);
    if (!p) {
        return CNDN_INCOMPLETE;
    }
    *number = cndn_load(p, n);
    uint64_t least = n == 2 ? 0xFD : (uint64_t)1 << (n * 4);
    return *number < least ? CNDN_INVALID : CNDN_OK;
}

/* Reads TYPE and LENGTH, and does not ask whether VALUE is there: stream framing. */
static inline cndn_result cndn_read_header(cndn_reader *r, uint32_t *type, uint64_t *length) {
    uint64_t number = 0;
    cndn_result result = cndn_read_varnum(r, &number);
    if (result != CNDN_OK) {
        return result;
    }
    if (number == 0 || number > UINT32_MAX) {
        return CNDN_INVALID;
    }
    *type = (uint32_t)number;
    return cndn_read_varnum(r, length);
}

/* Reads one element and steps over it. CNDN_INCOMPLETE if the input ends before VALUE does. */
static inline cndn_result cndn_read_element(cndn_reader *r, cndn_element *e) {
    uint64_t length = 0;
    e->start = r->pos;
    cndn_result result = cndn_read_header(r, &e->type, &length);
    if (result != CNDN_OK) {
        return result;
    }
    e->value = r->pos;
    if (!cndn_take(r, length)) {
        return CNDN_INCOMPLETE;
    }
    e->length = (size_t)length;
    return CNDN_OK;
}

/* As cndn_read_element, for what is inside another element: an input that ends too early is CNDN_INVALID. */
static inline cndn_result cndn_read_child(cndn_reader *r, cndn_element *e) {
    return cndn_read_element(r, e) == CNDN_OK ? CNDN_OK : CNDN_INVALID;
}

/* The octets inside an element, to be read in turn; offsets still count from the base of `r`. */
static inline cndn_reader cndn_enter(const cndn_reader *r, const cndn_element *e) {
    cndn_reader inside = {r->base, e->value, e->value + e->length};
    return inside;
}

/* Whether an unrecognized, repeated or misplaced element of this type makes the packet invalid (docs/protocol.md 2.2). */
static inline bool cndn_is_critical(uint32_t type) {
    return type <= 31 || (type & 1) != 0;
}

/* NonNegativeInteger: a VALUE of exactly 1, 2, 4 or 8 octets, not necessarily the shortest. CNDN_OK or CNDN_INVALID. */
cndn_result cndn_nni(const uint8_t *value, size_t length, uint64_t *number);

/* The same of an element of `r`. */
static inline cndn_result cndn_element_nni(const cndn_reader *r, const cndn_element *e, uint64_t *number) {
    return cndn_nni(r->base + e->value, e->length, number);
}

/* Octets of a var-number: 1, 3, 5 or 9. */
static inline size_t cndn_varnum_size(uint64_t number) {
    return number < 0xFD ? 1 : number <= 0xFFFF ? 3 : number <= 0xFFFFFFFF ? 5 : 9;
}

/* Octets of the shortest NonNegativeInteger: 1, 2, 4 or 8. */
static inline size_t cndn_nni_size(uint64_t number) {
    return number <= 0xFF ? 1 : number <= 0xFFFF ? 2 : number <= 0xFFFFFFFF ? 4 : 8;
}

/* Octets of an element with a VALUE of `length` octets; length < 2^63. */
static inline size_t cndn_element_size(uint32_t type, size_t length) {
    return cndn_varnum_size(type) + cndn_varnum_size(length) + length;
}

static inline cndn_writer cndn_writer_make(void *base, size_t capacity) {
    cndn_writer w = {(uint8_t *)base, 0, capacity, CNDN_OK};
    return w;
}

/* Room for n octets at the writer's position, which moves past them; NULL once they do not fit. */
static inline uint8_t *cndn_reserve(cndn_writer *w, size_t n) {
    if (w->result != CNDN_OK || n > w->end - w->pos) {
        w->result = CNDN_NOSPACE;
        return NULL;
    }
    uint8_t *p = w->base + w->pos;
    w->pos += n;
    return p;
}

/* Stores the low n octets of a number, big endian. */
static inline void cndn_store(uint8_t *p, uint64_t number, size_t n) {
    for (size_t i = n; i > 0; i--) {
        p[i - 1] = (uint8_t)number;
        number >>= 8;
    }
}

void cndn_write_octets(cndn_writer *w, const void *octets, size_t length);
void cndn_write_varnum(cndn_writer *w, uint64_t number);
void cndn_write_header(cndn_writer *w, uint32_t type, uint64_t length);
/* Element around the given VALUE. */
void cndn_write_element(cndn_writer *w, uint32_t type, const void *value, size_t length);
/* Element holding a NonNegativeInteger in its shortest form. */
void cndn_write_nni(cndn_writer *w, uint32_t type, uint64_t number);

/* TLV-TYPE numbers of packets (docs/protocol.md 2.4). */
enum {
    CNDN_INTEREST = 5,
    CNDN_DATA = 6,
    CNDN_NAME = 7,
    CNDN_GENERIC = 8,
    CNDN_NONCE = 10,
    CNDN_INTEREST_LIFETIME = 12,
    CNDN_MUST_BE_FRESH = 18,
    CNDN_META_INFO = 20,
    CNDN_CONTENT = 21,
    CNDN_SIGNATURE_INFO = 22,
    CNDN_SIGNATURE_VALUE = 23,
    CNDN_CONTENT_TYPE = 24,
    CNDN_FRESHNESS_PERIOD = 25,
    CNDN_FINAL_BLOCK_ID = 26,
    CNDN_SIGNATURE_TYPE = 27,
    CNDN_KEY_LOCATOR = 28,
    CNDN_KEY_DIGEST = 29,
    CNDN_FORWARDING_HINT = 30,
    CNDN_CAN_BE_PREFIX = 33,
    CNDN_HOP_LIMIT = 34,
    CNDN_APPLICATION_PARAMETERS = 36,
    CNDN_SIGNATURE_NONCE = 38,
    CNDN_SIGNATURE_TIME = 40,
    CNDN_SIGNATURE_SEQ_NUM = 42,
    CNDN_INTEREST_SIGNATURE_INFO = 44,
    CNDN_INTEREST_SIGNATURE_VALUE = 46,
    CNDN_VALIDITY_PERIOD = 253
};

#endif
