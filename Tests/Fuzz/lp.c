/* LpPackets and stream framing: what is decoded stays inside, and what is encoded again is decoded to the same. */
#include "target.h"

static volatile unsigned sink;

static bool same_span(const uint8_t *a, cndn_span x, const uint8_t *b, cndn_span y) {
    return x.length == y.length && memcmp(a + x.offset, b + y.offset, x.length) == 0;
}

static bool same(const uint8_t *a, const cndn_lp *x, const uint8_t *b, const cndn_lp *y) {
    return x->sequence == y->sequence && x->frag_index == y->frag_index && x->frag_count == y->frag_count &&
           x->nack_reason == y->nack_reason && x->incoming_face_id == y->incoming_face_id &&
           x->next_hop_face_id == y->next_hop_face_id && x->cache_policy == y->cache_policy &&
           x->congestion_mark == y->congestion_mark && x->tx_sequence == y->tx_sequence &&
           x->has_sequence == y->has_sequence && x->has_frag_index == y->has_frag_index &&
           x->has_frag_count == y->has_frag_count && x->has_nack == y->has_nack &&
           x->has_incoming_face_id == y->has_incoming_face_id && x->has_next_hop_face_id == y->has_next_hop_face_id &&
           x->has_cache_policy == y->has_cache_policy && x->has_congestion_mark == y->has_congestion_mark &&
           x->has_tx_sequence == y->has_tx_sequence && x->has_non_discovery == y->has_non_discovery &&
           same_span(a, x->pit_token, b, y->pit_token) && same_span(a, x->acks, b, y->acks) &&
           same_span(a, x->prefix_announcement, b, y->prefix_announcement) &&
           same_span(a, x->fragment, b, y->fragment);
}

/* FragIndex as wide as FragCount may not fit, nor be equal, when the first is the larger: not a fragment to send. */
static bool is_sendable(const cndn_lp *lp) {
    return !lp->bare && lp->frag_index <= lp->frag_count;
}

static void check_encoding(const uint8_t *wire, const cndn_lp *lp) {
    size_t size = cndn_lp_size(lp, lp->fragment.length), written = 0;
    uint8_t *out = malloc(size);
    MUST(cndn_lp_encode(lp, wire, lp->fragment.length, out, size - lp->fragment.length, &written) == CNDN_OK);
    MUST(written == size - lp->fragment.length);
    memcpy(out + written, wire + lp->fragment.offset, lp->fragment.length);
    cndn_lp again;
    MUST(size > UINT16_MAX || (cndn_lp_decode(out, size, &again) == CNDN_OK && same(wire, lp, out, &again)));
    if (written > 0) {
        MUST(cndn_lp_encode(lp, wire, lp->fragment.length, out, written - 1, &written) == CNDN_NOSPACE);
    }
    free(out);
}

static void check_packet(const uint8_t *wire, size_t length) {
    cndn_lp lp;
    if (cndn_lp_decode(wire, length, &lp) != CNDN_OK) {
        return;
    }
    sink += touch(wire, length, lp.pit_token) + touch(wire, length, lp.acks) +
            touch(wire, length, lp.prefix_announcement) + touch(wire, length, lp.fragment);
    for (size_t i = 0; i < lp.acks.length / CNDN_LP_ACK_SIZE; i++) {
        sink += (unsigned)cndn_lp_ack(wire, &lp, i);
    }
    MUST(lp.pit_token.length <= CNDN_LP_MAX_PIT_TOKEN);
    MUST(!lp.bare || cndn_lp_permitted(&lp) == (CNDN_LP_WITH_INTEREST | CNDN_LP_WITH_DATA));
    if (cndn_lp_check_fragmentation(&lp) == CNDN_OK) {
        MUST(lp.frag_index < lp.frag_count && lp.frag_count <= CNDN_LP_MAX_FRAGMENTS);
    }
    sink += cndn_lp_check_packet(cndn_lp_permitted(&lp), wire + lp.fragment.offset, lp.fragment.length);
    if (is_sendable(&lp)) {
        check_encoding(wire, &lp);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length) {
    check_packet(input, length);
    size_t size;
    while (length > 0 && cndn_lp_frame(input, length, &size) == CNDN_OK) {
        MUST(size >= 2 && size <= length && size <= CNDN_MAX_PACKET);
        check_packet(input, size);
        input += size;
        length -= size;
    }
    return 0;
}
