#include "data.h"

/* SignatureInfo of DigestSha256 and the header of its value. */
static const uint8_t digest_signature[] = {CNDN_SIGNATURE_INFO, 3, CNDN_SIGNATURE_TYPE, 1, CNDN_DIGEST_SHA256,
                                           CNDN_SIGNATURE_VALUE, 32};
enum { SIGNATURE_INFO_SIZE = 5, SIGNATURE_SIZE = sizeof digest_signature + 32 };

/* A FinalBlockId holds exactly one name component. */
static cndn_result accept_final_block(cndn_reader r, const cndn_element *e, cndn_data *data) {
    cndn_reader inside = cndn_enter(&r, e);
    cndn_element component;
    data->final_block = cndn_value_span(e);
    data->has_final_block = true;
    return cndn_read_component(&inside, &component) == CNDN_OK && cndn_at_end(&inside) ? CNDN_OK : CNDN_INVALID;
}

static cndn_result accept_meta_info(cndn_reader r, const cndn_element *e, cndn_data *data) {
    cndn_reader inside = cndn_enter(&r, e);
    uint32_t last = 0;
    while (!cndn_at_end(&inside)) {
        cndn_element child;
        cndn_result result = cndn_read_child(&inside, &child);
        if (result != CNDN_OK) {
            return result;
        }
        /* the three types ascend in the order in which they must stand */
        if (child.type <= last || child.type < CNDN_CONTENT_TYPE || child.type > CNDN_FINAL_BLOCK_ID) {
            if (cndn_is_critical(child.type)) {
                return CNDN_INVALID;
            }
            continue;
        }
        last = child.type;
        result = child.type == CNDN_CONTENT_TYPE       ? cndn_element_nni(&inside, &child, &data->content_type)
                 : child.type == CNDN_FRESHNESS_PERIOD ? cndn_element_nni(&inside, &child, &data->freshness)
                                                       : accept_final_block(inside, &child, data);
        if (result != CNDN_OK) {
            return result;
        }
    }
    return CNDN_OK;
}

static cndn_result accept_name(cndn_reader r, const cndn_element *e, cndn_data *data) {
    cndn_name_info info;
    data->name = cndn_value_span(e);
    data->signed_start = (uint16_t)e->start;
    /* No implicit digest stands in a Data packet's own name (docs/protocol.md 3.1). */
    return cndn_name_check(cndn_enter(&r, e), &info) == CNDN_OK && info.implicit_digests == 0 ? CNDN_OK : CNDN_INVALID;
}

static cndn_result accept_element(cndn_reader r, const cndn_element *e, cndn_data *data) {
    cndn_signature_info info;
    switch (e->type) {
    case CNDN_NAME:
        return accept_name(r, e, data);
    case CNDN_META_INFO:
        return accept_meta_info(r, e, data);
    case CNDN_CONTENT:
        data->content = cndn_value_span(e);
        data->has_content = true;
        return CNDN_OK;
    case CNDN_SIGNATURE_INFO:
        data->signature_info = cndn_value_span(e);
        return cndn_signature_info_parse(cndn_enter(&r, e), &info);
    default:
        data->signature_value = cndn_value_span(e);
        data->signed_end = (uint16_t)e->start;
        return CNDN_OK;
    }
}

static cndn_result decode_value(cndn_reader r, cndn_data *data) {
    uint32_t last = 0;
    bool info = false;
    while (!cndn_at_end(&r)) {
        cndn_element e;
        cndn_result result = cndn_read_child(&r, &e);
        if (result != CNDN_OK) {
            return result;
        }
        bool known = e.type == CNDN_NAME || (e.type >= CNDN_META_INFO && e.type <= CNDN_SIGNATURE_VALUE);
        if (last == 0 && e.type != CNDN_NAME) {
            return CNDN_INVALID;
        }
        /* the five types ascend in the order in which they must stand */
        if (!known || e.type <= last) {
            if (cndn_is_critical(e.type)) {
                return CNDN_INVALID;
            }
            continue;
        }
        last = e.type;
        info = info || e.type == CNDN_SIGNATURE_INFO;
        if (accept_element(r, &e, data) != CNDN_OK) {
            return CNDN_INVALID;
        }
    }
    return info && last == CNDN_SIGNATURE_VALUE ? CNDN_OK : CNDN_INVALID;
}

cndn_result cndn_data_decode(const uint8_t *packet, size_t length, cndn_data *data) {
    *data = (cndn_data){0};
    cndn_reader r = cndn_reader_make(packet, length);
    cndn_element e;
    cndn_result result = cndn_read_element(&r, &e);
    if (result != CNDN_OK) {
        return result;
    }
    if (e.type != CNDN_DATA || !cndn_at_end(&r) || length > CNDN_MAX_PACKET) {
        return CNDN_INVALID;
    }
    return decode_value(cndn_enter(&r, &e), data);
}

cndn_result cndn_segment_layout(cndn_segment_data *d) {
    if (d->prefix_length > CNDN_MAX_PACKET || d->payload_length > CNDN_MAX_PACKET ||
        d->trailer_length > CNDN_MAX_PACKET) {
        return CNDN_NOSPACE;
    }
    d->name_length = d->prefix_length + cndn_segment_size(d->segment);
    size_t final_block = cndn_element_size(CNDN_FINAL_BLOCK_ID, cndn_segment_size(d->final_segment));
    d->meta_length = cndn_element_size(CNDN_FRESHNESS_PERIOD, cndn_nni_size(d->freshness)) + final_block;
    size_t before_payload = cndn_element_size(CNDN_NAME, d->name_length) +
                            cndn_element_size(CNDN_META_INFO, d->meta_length) + 1 +
                            cndn_varnum_size(d->payload_length);
    d->value_length = before_payload + d->payload_length + (d->trailer_length ? d->trailer_length : SIGNATURE_SIZE);
    d->signed_offset = 1 + cndn_varnum_size(d->value_length);
    d->payload_offset = d->signed_offset + before_payload;
    d->size = d->signed_offset + d->value_length;
    return d->size <= CNDN_MAX_PACKET ? CNDN_OK : CNDN_NOSPACE;
}

void cndn_segment_write_header(const cndn_segment_data *d, const uint8_t *prefix, uint8_t *packet) {
    cndn_writer w = cndn_writer_make(packet, d->payload_offset);
    cndn_write_header(&w, CNDN_DATA, d->value_length);
    cndn_write_header(&w, CNDN_NAME, d->name_length);
    cndn_write_octets(&w, prefix, d->prefix_length);
    cndn_write_nni(&w, CNDN_SEGMENT, d->segment);
    cndn_write_header(&w, CNDN_META_INFO, d->meta_length);
    cndn_write_nni(&w, CNDN_FRESHNESS_PERIOD, d->freshness);
    cndn_write_header(&w, CNDN_FINAL_BLOCK_ID, cndn_segment_size(d->final_segment));
    cndn_write_nni(&w, CNDN_SEGMENT, d->final_segment);
    cndn_write_header(&w, CNDN_CONTENT, d->payload_length);
}

/* Writes all of the signature but the digest; returns where that belongs. */
static uint8_t *begin_signature(const cndn_segment_data *d, uint8_t *packet) {
    uint8_t *signature = packet + d->payload_offset + d->payload_length;
    memcpy(signature, digest_signature, sizeof digest_signature);
    return signature + sizeof digest_signature;
}

/* Octets from signed_offset on that are signed. */
static size_t signed_length(const cndn_segment_data *d) {
    return d->payload_offset + d->payload_length + SIGNATURE_INFO_SIZE - d->signed_offset;
}

void cndn_segment_sign(const cndn_segment_data *d, uint8_t *packet, cndn_digest *digest) {
    uint8_t *out = begin_signature(d, packet);
    cndn_digest_whole(digest, packet + d->signed_offset, signed_length(d), out);
}

void cndn_segment_sign_pair(const cndn_segment_data *d, uint8_t *first, uint8_t *second, cndn_digest *digest) {
    uint8_t *first_out = begin_signature(d, first);
    uint8_t *second_out = begin_signature(d, second);
    cndn_digest_pair(digest, first + d->signed_offset, second + d->signed_offset, signed_length(d), first_out,
                     second_out);
}
