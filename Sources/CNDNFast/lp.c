#include "lp.h"

/* Whether an unknown header field is skipped (docs/protocol.md 7.3). */
static bool is_ignorable(uint32_t type) {
    return type >= 800 && type <= 959 && (type & 3) == 0;
}

static cndn_span span_of(const cndn_element *e) {
    cndn_span s = {(uint16_t)e->value, (uint16_t)e->length};
    return s;
}

static cndn_result read_number(const cndn_reader *r, const cndn_element *e, bool *has, uint64_t *number) {
    *has = true;
    return cndn_element_nni(r, e, number);
}

static cndn_result read_fixed(const cndn_reader *r, const cndn_element *e, bool *has, uint64_t *number) {
    *has = true;
    return e->length == 8 ? cndn_element_nni(r, e, number) : CNDN_INVALID;
}

/* A field whose VALUE is one element holding a number: Nack, CachePolicy. */
static cndn_result read_nested(const cndn_reader *r, const cndn_element *e, uint32_t type, uint64_t *number) {
    cndn_reader inside = cndn_enter(r, e);
    cndn_element child;
    if (cndn_read_child(&inside, &child) != CNDN_OK || child.type != type) {
        return CNDN_INVALID;
    }
    return cndn_element_nni(&inside, &child, number);
}

static cndn_result read_nack(const cndn_reader *r, const cndn_element *e, cndn_lp *lp) {
    lp->has_nack = true;
    return e->length == 0 ? CNDN_OK : read_nested(r, e, CNDN_LP_NACK_REASON, &lp->nack_reason);
}

static cndn_result read_cache_policy(const cndn_reader *r, const cndn_element *e, cndn_lp *lp) {
    lp->has_cache_policy = true;
    cndn_result result = read_nested(r, e, CNDN_LP_CACHE_POLICY_TYPE, &lp->cache_policy);
    return result == CNDN_OK && lp->cache_policy != 1 ? CNDN_INVALID : result;
}

static cndn_result read_ack(const cndn_element *e, cndn_lp *lp) {
    if (e->length != 8) {
        return CNDN_INVALID;
    }
    if (lp->acks.length == 0) {
        lp->acks.offset = (uint16_t)e->start;
    }
    lp->acks.length += CNDN_LP_ACK_SIZE;
    return CNDN_OK;
}

static cndn_result read_announcement(const cndn_reader *r, const cndn_element *e, cndn_lp *lp) {
    lp->prefix_announcement = span_of(e);
    return cndn_lp_check_packet(CNDN_LP_WITH_DATA, r->base + e->value, e->length);
}

static cndn_result read_field(const cndn_reader *r, const cndn_element *e, cndn_lp *lp) {
    switch (e->type) {
    case CNDN_LP_FRAGMENT:
        lp->fragment = span_of(e);
        return e->length > 0 ? CNDN_OK : CNDN_INVALID;
    case CNDN_LP_SEQUENCE:
        return read_fixed(r, e, &lp->has_sequence, &lp->sequence);
    case CNDN_LP_FRAG_INDEX:
        return read_number(r, e, &lp->has_frag_index, &lp->frag_index);
    case CNDN_LP_FRAG_COUNT:
        return read_number(r, e, &lp->has_frag_count, &lp->frag_count);
    case CNDN_LP_PIT_TOKEN:
        lp->pit_token = span_of(e);
        return e->length >= 1 && e->length <= CNDN_LP_MAX_PIT_TOKEN ? CNDN_OK : CNDN_INVALID;
    case CNDN_LP_NACK:
        return read_nack(r, e, lp);
    case CNDN_LP_INCOMING_FACE_ID:
        return read_number(r, e, &lp->has_incoming_face_id, &lp->incoming_face_id);
    case CNDN_LP_NEXT_HOP_FACE_ID:
        return read_number(r, e, &lp->has_next_hop_face_id, &lp->next_hop_face_id);
    case CNDN_LP_CACHE_POLICY:
        return read_cache_policy(r, e, lp);
    case CNDN_LP_CONGESTION_MARK:
        return read_number(r, e, &lp->has_congestion_mark, &lp->congestion_mark);
    case CNDN_LP_ACK:
        return read_ack(e, lp);
    case CNDN_LP_TX_SEQUENCE:
        return read_fixed(r, e, &lp->has_tx_sequence, &lp->tx_sequence);
    case CNDN_LP_NON_DISCOVERY:
        lp->has_non_discovery = true;
        return e->length == 0 ? CNDN_OK : CNDN_INVALID;
    case CNDN_LP_PREFIX_ANNOUNCEMENT:
        return read_announcement(r, e, lp);
    default:
        return is_ignorable(e->type) ? CNDN_OK : CNDN_INVALID;
    }
}

/* Types ascend, and only Ack is repeated (docs/protocol.md 7.3); Fragment, the lowest number, is always last. */
static cndn_result read_fields(cndn_reader *r, cndn_lp *lp) {
    uint32_t last = 0;
    while (!cndn_at_end(r)) {
        cndn_element e;
        if (lp->fragment.length > 0 || cndn_read_child(r, &e) != CNDN_OK) {
            return CNDN_INVALID;
        }
        bool repeated_ack = e.type == CNDN_LP_ACK && last == CNDN_LP_ACK;
        if (e.type <= last && e.type != CNDN_LP_FRAGMENT && !repeated_ack) {
            return CNDN_INVALID;
        }
        last = e.type;
        if (read_field(r, &e, lp) != CNDN_OK) {
            return CNDN_INVALID;
        }
    }
    return CNDN_OK;
}

cndn_result cndn_lp_decode(const uint8_t *wire, size_t length, cndn_lp *out) {
    *out = cndn_lp_make();
    if (length > UINT16_MAX) {
        return CNDN_INVALID;
    }
    cndn_reader r = cndn_reader_make(wire, length);
    cndn_element outer;
    cndn_result result = cndn_read_element(&r, &outer);
    if (result != CNDN_OK) {
        return result;
    }
    if (!cndn_at_end(&r)) {
        return CNDN_INVALID;
    }
    if (outer.type == CNDN_INTEREST || outer.type == CNDN_DATA) {
        out->bare = true;
        out->fragment.length = (uint16_t)length;
        return CNDN_OK;
    }
    cndn_reader inside = cndn_enter(&r, &outer);
    return outer.type == CNDN_LP_PACKET ? read_fields(&inside, out) : CNDN_INVALID;
}

uint64_t cndn_lp_ack(const uint8_t *wire, const cndn_lp *lp, size_t i) {
    return cndn_load(wire + lp->acks.offset + (i + 1) * CNDN_LP_ACK_SIZE - 8, 8);
}

cndn_result cndn_lp_check_fragmentation(const cndn_lp *lp) {
    if (lp->frag_index >= lp->frag_count || lp->frag_count > CNDN_LP_MAX_FRAGMENTS) {
        return CNDN_INVALID;
    }
    return lp->frag_count == 1 || lp->has_sequence ? CNDN_OK : CNDN_INVALID;
}

uint8_t cndn_lp_permitted(const cndn_lp *lp) {
    uint8_t permitted = CNDN_LP_WITH_INTEREST | CNDN_LP_WITH_DATA;
    if (lp->has_nack || lp->has_non_discovery) {
        permitted &= CNDN_LP_WITH_INTEREST;
    }
    if (lp->has_cache_policy || lp->prefix_announcement.length > 0) {
        permitted &= CNDN_LP_WITH_DATA;
    }
    bool none = lp->has_next_hop_face_id || (lp->has_nack && lp->has_non_discovery);
    return none ? 0 : permitted;
}

cndn_result cndn_lp_check_packet(uint8_t permitted, const uint8_t *packet, size_t length) {
    cndn_reader r = cndn_reader_make(packet, length);
    cndn_element e;
    if (length > CNDN_MAX_PACKET || cndn_read_element(&r, &e) != CNDN_OK || !cndn_at_end(&r)) {
        return CNDN_INVALID;
    }
    uint8_t kind = e.type == CNDN_INTEREST ? CNDN_LP_WITH_INTEREST : e.type == CNDN_DATA ? CNDN_LP_WITH_DATA : 0;
    return (permitted & kind) != 0 ? CNDN_OK : CNDN_INVALID;
}

static size_t number_size(uint32_t type, uint64_t number) {
    return cndn_element_size(type, cndn_nni_size(number));
}

/* FragIndex < FragCount: the width of the latter serves both. */
static size_t fragment_number_width(const cndn_lp *lp) {
    return cndn_nni_size(lp->has_frag_count ? lp->frag_count : lp->frag_index);
}

static size_t fields_size(const cndn_lp *lp) {
    size_t frag_number = 2 + fragment_number_width(lp);
    size_t size = lp->has_sequence ? 10 : 0;
    size += lp->has_frag_index ? frag_number : 0;
    size += lp->has_frag_count ? frag_number : 0;
    size += lp->pit_token.length > 0 ? 2u + lp->pit_token.length : 0;
    size_t reason = lp->nack_reason != 0 ? number_size(CNDN_LP_NACK_REASON, lp->nack_reason) : 0;
    size += lp->has_nack ? cndn_element_size(CNDN_LP_NACK, reason) : 0;
    size += lp->has_incoming_face_id ? number_size(CNDN_LP_INCOMING_FACE_ID, lp->incoming_face_id) : 0;
    size += lp->has_next_hop_face_id ? number_size(CNDN_LP_NEXT_HOP_FACE_ID, lp->next_hop_face_id) : 0;
    size_t policy = number_size(CNDN_LP_CACHE_POLICY_TYPE, lp->cache_policy);
    size += lp->has_cache_policy ? cndn_element_size(CNDN_LP_CACHE_POLICY, policy) : 0;
    size += lp->has_congestion_mark ? number_size(CNDN_LP_CONGESTION_MARK, lp->congestion_mark) : 0;
    size += lp->acks.length;
    size += lp->has_tx_sequence ? 12 : 0;
    size += lp->has_non_discovery ? 4 : 0;
    size_t announcement = lp->prefix_announcement.length;
    return size + (announcement > 0 ? cndn_element_size(CNDN_LP_PREFIX_ANNOUNCEMENT, announcement) : 0);
}

size_t cndn_lp_size(const cndn_lp *lp, size_t fragment_length) {
    size_t value = fields_size(lp);
    value += fragment_length > 0 ? cndn_element_size(CNDN_LP_FRAGMENT, fragment_length) : 0;
    return cndn_element_size(CNDN_LP_PACKET, value);
}

static void write_wide(cndn_writer *w, bool has, uint32_t type, uint64_t number, size_t width) {
    if (!has) {
        return;
    }
    cndn_write_header(w, type, width);
    uint8_t *p = cndn_reserve(w, width);
    if (p) {
        cndn_store(p, number, width);
    }
}

static void write_number(cndn_writer *w, bool has, uint32_t type, uint64_t number) {
    write_wide(w, has, type, number, cndn_nni_size(number));
}

static void write_nack(cndn_writer *w, const cndn_lp *lp) {
    if (lp->has_nack) {
        bool reason = lp->nack_reason != 0;
        cndn_write_header(w, CNDN_LP_NACK, reason ? number_size(CNDN_LP_NACK_REASON, lp->nack_reason) : 0);
        write_number(w, reason, CNDN_LP_NACK_REASON, lp->nack_reason);
    }
}

static void write_fields(cndn_writer *w, const cndn_lp *lp, const uint8_t *base) {
    size_t width = fragment_number_width(lp);
    write_wide(w, lp->has_sequence, CNDN_LP_SEQUENCE, lp->sequence, 8);
    write_wide(w, lp->has_frag_index, CNDN_LP_FRAG_INDEX, lp->frag_index, width);
    write_wide(w, lp->has_frag_count, CNDN_LP_FRAG_COUNT, lp->frag_count, width);
    if (lp->pit_token.length > 0) {
        cndn_write_element(w, CNDN_LP_PIT_TOKEN, base + lp->pit_token.offset, lp->pit_token.length);
    }
    write_nack(w, lp);
    write_number(w, lp->has_incoming_face_id, CNDN_LP_INCOMING_FACE_ID, lp->incoming_face_id);
    write_number(w, lp->has_next_hop_face_id, CNDN_LP_NEXT_HOP_FACE_ID, lp->next_hop_face_id);
    if (lp->has_cache_policy) {
        cndn_write_header(w, CNDN_LP_CACHE_POLICY, number_size(CNDN_LP_CACHE_POLICY_TYPE, lp->cache_policy));
        write_number(w, true, CNDN_LP_CACHE_POLICY_TYPE, lp->cache_policy);
    }
    write_number(w, lp->has_congestion_mark, CNDN_LP_CONGESTION_MARK, lp->congestion_mark);
    if (lp->acks.length > 0) {
        cndn_write_octets(w, base + lp->acks.offset, lp->acks.length);
    }
    write_wide(w, lp->has_tx_sequence, CNDN_LP_TX_SEQUENCE, lp->tx_sequence, 8);
    if (lp->has_non_discovery) {
        cndn_write_header(w, CNDN_LP_NON_DISCOVERY, 0);
    }
    if (lp->prefix_announcement.length > 0) {
        cndn_write_element(w, CNDN_LP_PREFIX_ANNOUNCEMENT, base + lp->prefix_announcement.offset,
                           lp->prefix_announcement.length);
    }
}

cndn_result cndn_lp_encode(const cndn_lp *lp, const uint8_t *base, size_t fragment_length, uint8_t *out,
                           size_t capacity, size_t *written) {
    cndn_writer w = cndn_writer_make(out, capacity);
    size_t value = fields_size(lp);
    value += fragment_length > 0 ? cndn_element_size(CNDN_LP_FRAGMENT, fragment_length) : 0;
    cndn_write_header(&w, CNDN_LP_PACKET, value);
    write_fields(&w, lp, base);
    if (fragment_length > 0) {
        cndn_write_header(&w, CNDN_LP_FRAGMENT, fragment_length);
    }
    *written = w.pos;
    return w.result;
}

cndn_result cndn_lp_frame(const uint8_t *stream, size_t length, size_t *size) {
    *size = 0;
    cndn_reader r = cndn_reader_make(stream, length);
    uint32_t type;
    uint64_t value;
    cndn_result result = cndn_read_header(&r, &type, &value);
    if (result != CNDN_OK) {
        return result;
    }
    if (value > CNDN_MAX_PACKET || r.pos + value > CNDN_MAX_PACKET) {
        return CNDN_INVALID;
    }
    *size = r.pos + (size_t)value;
    return *size <= length ? CNDN_OK : CNDN_INCOMPLETE;
}
