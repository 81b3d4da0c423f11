#ifndef CNDN_LP_H
#define CNDN_LP_H

#include "tlv.h"

/*
 * NDNLPv2 (docs/protocol.md 7): what a peer sends, an LpPacket or a bare Interest or Data, and where one ends on a stream.
 *
 * Decoders read the caller's octets only and give offsets; the encoder writes into the caller's memory only.
 */

/* TLV-TYPE numbers of the link layer (docs/protocol.md 7.2). */
enum {
    CNDN_LP_FRAGMENT = 80,
    CNDN_LP_SEQUENCE = 81,
    CNDN_LP_FRAG_INDEX = 82,
    CNDN_LP_FRAG_COUNT = 83,
    CNDN_LP_PIT_TOKEN = 98,
    CNDN_LP_PACKET = 100,
    CNDN_LP_NACK = 800,
    CNDN_LP_NACK_REASON = 801,
    CNDN_LP_INCOMING_FACE_ID = 812,
    CNDN_LP_NEXT_HOP_FACE_ID = 816,
    CNDN_LP_CACHE_POLICY = 820,
    CNDN_LP_CACHE_POLICY_TYPE = 821,
    CNDN_LP_CONGESTION_MARK = 832,
    CNDN_LP_ACK = 836,
    CNDN_LP_TX_SEQUENCE = 840,
    CNDN_LP_NON_DISCOVERY = 844,
    CNDN_LP_PREFIX_ANNOUNCEMENT = 848
};

/* Octets of the longest PitToken. */
#define CNDN_LP_MAX_PIT_TOKEN 32u

/* Octets of one Ack element: they stand back to back. */
#define CNDN_LP_ACK_SIZE 12u

/* Fragments of one packet, at most (docs/protocol.md 7.6). */
#define CNDN_LP_MAX_FRAGMENTS 400u

/* Network packets that a header may accompany: a set of bits. */
enum {
    CNDN_LP_WITH_INTEREST = 1,
    CNDN_LP_WITH_DATA = 2
};

/* A decoded LpPacket. Spans count from the first octet of the input; a span of length 0 is an absent field. */
typedef struct {
    uint64_t sequence;
    uint64_t frag_index; /* 0 when absent */
    uint64_t frag_count; /* 1 when absent */
    uint64_t nack_reason;
    uint64_t incoming_face_id;
    uint64_t next_hop_face_id;
    uint64_t cache_policy;
    uint64_t congestion_mark;
    uint64_t tx_sequence;
    cndn_span pit_token;
    cndn_span acks; /* whole Ack elements, CNDN_LP_ACK_SIZE octets each */
    cndn_span prefix_announcement;
    cndn_span fragment; /* absent: an IDLE packet */
    bool bare;          /* no LpPacket at all: the fragment is the input */
    bool has_sequence;
    bool has_frag_index;
    bool has_frag_count;
    bool has_nack;
    bool has_incoming_face_id;
    bool has_next_hop_face_id;
    bool has_cache_policy;
    bool has_congestion_mark;
    bool has_tx_sequence;
    bool has_non_discovery;
} cndn_lp;

/* An LpPacket without any field. */
static inline cndn_lp cndn_lp_make(void) {
    cndn_lp lp = {.frag_count = 1};
    return lp;
}

/*
 * Decodes exactly one LpPacket, Interest or Data of at most 65535 octets. The fragment is not looked into.
 * CNDN_OK; CNDN_INCOMPLETE if the outer element goes on beyond the input; CNDN_INVALID otherwise, `out` is undefined
 * then.
 */
cndn_result cndn_lp_decode(const uint8_t *wire, size_t length, cndn_lp *out);

/* The number in the i-th Ack of a decoded packet; i < acks.length / CNDN_LP_ACK_SIZE. */
uint64_t cndn_lp_ack(const uint8_t *wire, const cndn_lp *lp, size_t i);

/* Whether Sequence, FragIndex and FragCount make sense together (docs/protocol.md 7.6). CNDN_OK or CNDN_INVALID. */
cndn_result cndn_lp_check_fragmentation(const cndn_lp *lp);

/*
 * The CNDN_LP_WITH_ bits of the network packets that the header fields may accompany (docs/protocol.md 7.3); 0: none.
 * Local fields are never switched on here, so NextHopFaceId permits none.
 */
uint8_t cndn_lp_permitted(const cndn_lp *lp);

/*
 * Whether `packet` is exactly one Interest or Data of at most CNDN_MAX_PACKET octets, of a permitted kind. Its inside is
 * not looked at. CNDN_OK or CNDN_INVALID.
 */
cndn_result cndn_lp_check_packet(uint8_t permitted, const uint8_t *packet, size_t length);

/*
 * Writes an LpPacket up to where the VALUE of its Fragment stands; the caller appends those `fragment_length` octets.
 * fragment_length 0: no Fragment. Spans of `lp` count from `base`; its `fragment` and `bare` are not read. FragIndex and
 * FragCount are written with the same number of octets, so that the fragments of a packet can be of equal size.
 * CNDN_OK and *written, or CNDN_NOSPACE.
 */
cndn_result cndn_lp_encode(const cndn_lp *lp, const uint8_t *base, size_t fragment_length, uint8_t *out,
                           size_t capacity, size_t *written);

/* Octets of the whole LpPacket that cndn_lp_encode begins, its Fragment included. */
size_t cndn_lp_size(const cndn_lp *lp, size_t fragment_length);

/*
 * Where the first element of a stream ends. CNDN_OK: it is all there, *size octets. CNDN_INCOMPLETE: more is needed,
 * *size is its size if the octets tell it already, else 0. CNDN_INVALID: TYPE 0, a var-number not in its shortest form,
 * or more than CNDN_MAX_PACKET octets: the stream cannot go on.
 */
cndn_result cndn_lp_frame(const uint8_t *stream, size_t length, size_t *size);

#endif
