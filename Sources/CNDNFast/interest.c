#include "interest.h"

/* Elements in the order in which they must stand. */
enum { NAME, CAN_BE_PREFIX, MUST_BE_FRESH, HINT, NONCE, LIFETIME, HOP_LIMIT, PARAMETERS, INFO, VALUE, UNKNOWN = -1 };

static int place_of(uint32_t type) {
    switch (type) {
    case CNDN_NAME:
        return NAME;
    case CNDN_CAN_BE_PREFIX:
        return CAN_BE_PREFIX;
    case CNDN_MUST_BE_FRESH:
        return MUST_BE_FRESH;
    case CNDN_FORWARDING_HINT:
        return HINT;
    case CNDN_NONCE:
        return NONCE;
    case CNDN_INTEREST_LIFETIME:
        return LIFETIME;
    case CNDN_HOP_LIMIT:
        return HOP_LIMIT;
    case CNDN_APPLICATION_PARAMETERS:
        return PARAMETERS;
    case CNDN_INTEREST_SIGNATURE_INFO:
        return INFO;
    case CNDN_INTEREST_SIGNATURE_VALUE:
        return VALUE;
    default:
        return UNKNOWN;
    }
}

static cndn_result accept_name(cndn_reader r, const cndn_element *e, cndn_interest *interest, size_t *digests) {
    cndn_name_info info;
    if (cndn_name_check(cndn_enter(&r, e), &info) != CNDN_OK || info.components == 0 || info.parameters_digests > 1) {
        return CNDN_INVALID;
    }
    *digests = info.parameters_digests;
    interest->name = cndn_value_span(e);
    interest->parameters_digest = (uint16_t)info.parameters_digest;
    return CNDN_OK;
}

/* One Name or several; the obsolete Delegation, type 31, is critical and so rejected. */
static cndn_result accept_hint(cndn_reader r, const cndn_element *e, cndn_interest *interest) {
    cndn_reader inside = cndn_enter(&r, e);
    size_t names = 0;
    while (!cndn_at_end(&inside)) {
        cndn_element child;
        cndn_name_info info;
        if (cndn_read_child(&inside, &child) != CNDN_OK) {
            return CNDN_INVALID;
        }
        if (child.type == CNDN_NAME) {
            if (cndn_name_check(cndn_enter(&inside, &child), &info) != CNDN_OK) {
                return CNDN_INVALID;
            }
            names++;
        } else if (cndn_is_critical(child.type)) {
            return CNDN_INVALID;
        }
    }
    interest->forwarding_hint = cndn_value_span(e);
    return names > 0 ? CNDN_OK : CNDN_INVALID;
}

/* ApplicationParameters and what follows: all non-critical, ignored where the one before is missing. */
static cndn_result accept_parameters(cndn_reader r, int place, const cndn_element *e, cndn_interest *interest) {
    cndn_signature_info info;
    if (place == PARAMETERS) {
        interest->parameters = cndn_value_span(e);
        interest->parameters_start = (uint16_t)e->start;
        interest->has_parameters = true;
    } else if (place == INFO && interest->has_parameters) {
        interest->signature_info = cndn_value_span(e);
        interest->has_signature_info = true;
        return cndn_signature_info_parse(cndn_enter(&r, e), &info);
    } else if (place == VALUE && interest->has_signature_info) {
        interest->signature_value = cndn_value_span(e);
        interest->signature_value_start = (uint16_t)e->start;
        interest->has_signature_value = true;
    }
    return CNDN_OK;
}

/* Elements between Name and ApplicationParameters. */
static cndn_result accept_guider(cndn_reader r, int place, const cndn_element *e, cndn_interest *interest) {
    size_t end = e->value + e->length;
    if (place <= HINT) {
        interest->nonce = (uint16_t)end;
    }
    if (place <= LIFETIME) {
        interest->hop_limit = (uint16_t)end;
    }
    switch (place) {
    case CAN_BE_PREFIX:
        interest->can_be_prefix = true;
        return e->length == 0 ? CNDN_OK : CNDN_INVALID;
    case MUST_BE_FRESH:
        interest->must_be_fresh = true;
        return e->length == 0 ? CNDN_OK : CNDN_INVALID;
    case HINT:
        return accept_hint(r, e, interest);
    case NONCE:
        interest->nonce = (uint16_t)e->value;
        interest->has_nonce = true;
        return e->length == 4 ? CNDN_OK : CNDN_INVALID;
    case LIFETIME:
        interest->has_lifetime = true;
        return cndn_element_nni(&r, e, &interest->lifetime);
    default:
        interest->hop_limit = (uint16_t)e->value;
        interest->has_hop_limit = true;
        return e->length == 1 ? CNDN_OK : CNDN_INVALID;
    }
}

static cndn_result decode_value(cndn_reader r, cndn_interest *interest) {
    int last = UNKNOWN;
    size_t digests = 0;
    while (!cndn_at_end(&r)) {
        cndn_element e;
        cndn_result result = cndn_read_child(&r, &e);
        if (result != CNDN_OK) {
            return result;
        }
        int place = place_of(e.type);
        if (last == UNKNOWN) {
            /* What may be skipped elsewhere may not stand before Name (docs/protocol.md 2.2). */
            result = place == NAME ? accept_name(r, &e, interest, &digests) : CNDN_INVALID;
            interest->nonce = interest->hop_limit = (uint16_t)r.pos;
        } else if (place <= last) {
            if (cndn_is_critical(e.type)) {
                return CNDN_INVALID;
            }
            continue;
        } else if (place >= PARAMETERS) {
            result = accept_parameters(r, place, &e, interest);
        } else {
            result = accept_guider(r, place, &e, interest);
        }
        if (result != CNDN_OK) {
            return CNDN_INVALID;
        }
        last = place;
    }
    return last != UNKNOWN && digests == (interest->has_parameters ? 1 : 0) ? CNDN_OK : CNDN_INVALID;
}

cndn_result cndn_interest_decode(const uint8_t *packet, size_t length, cndn_interest *interest) {
    *interest = (cndn_interest){0};
    cndn_reader r = cndn_reader_make(packet, length);
    cndn_element e;
    cndn_result result = cndn_read_element(&r, &e);
    if (result != CNDN_OK) {
        return result;
    }
    if (e.type != CNDN_INTEREST || !cndn_at_end(&r) || length > CNDN_MAX_PACKET) {
        return CNDN_INVALID;
    }
    interest->value = (uint16_t)e.value;
    interest->end = (uint16_t)length;
    return decode_value(cndn_enter(&r, &e), interest);
}

size_t cndn_segment_interest_bound(const cndn_segment_interest *interest) {
    /* two headers, segment component, MustBeFresh, Nonce, InterestLifetime */
    return interest->prefix_length + 2 * (1 + CNDN_MAX_VARNUM) + 10 + 2 + 6 + 10;
}

void cndn_segment_interest_write(const cndn_segment_interest *interest, const uint8_t *prefix, uint64_t segment,
                                 uint32_t nonce, cndn_writer *w) {
    size_t name = interest->prefix_length + cndn_segment_size(segment);
    size_t lifetime = interest->has_lifetime ? 2 + cndn_nni_size(interest->lifetime) : 0;
    size_t rest = (interest->must_be_fresh ? 2 : 0) + 6 + lifetime;
    cndn_write_header(w, CNDN_INTEREST, cndn_element_size(CNDN_NAME, name) + rest);
    cndn_write_header(w, CNDN_NAME, name);
    cndn_write_octets(w, prefix, interest->prefix_length);
    cndn_write_nni(w, CNDN_SEGMENT, segment);
    if (interest->must_be_fresh) {
        cndn_write_header(w, CNDN_MUST_BE_FRESH, 0);
    }
    cndn_write_header(w, CNDN_NONCE, 4);
    uint8_t *p = cndn_reserve(w, 4);
    if (p) {
        cndn_store(p, nonce, 4);
    }
    if (interest->has_lifetime) {
        cndn_write_nni(w, CNDN_INTEREST_LIFETIME, interest->lifetime);
    }
}
