#include "signature.h"

/* A KeyLocator holds a Name or a KeyDigest, exactly one of them. */
static cndn_result parse_key_locator(cndn_reader r, cndn_signature_info *info) {
    while (!cndn_at_end(&r)) {
        cndn_element e;
        cndn_name_info name;
        if (cndn_read_child(&r, &e) != CNDN_OK) {
            return CNDN_INVALID;
        }
        bool is_found = info->has_key_name || info->has_key_digest;
        if (e.type == CNDN_NAME && !is_found) {
            if (cndn_name_check(cndn_enter(&r, &e), &name) != CNDN_OK) {
                return CNDN_INVALID;
            }
            info->key_name = cndn_value_span(&e);
            info->has_key_name = true;
        } else if (e.type == CNDN_KEY_DIGEST && !is_found) {
            info->key_digest = cndn_value_span(&e);
            info->has_key_digest = true;
        } else if (cndn_is_critical(e.type)) {
            return CNDN_INVALID;
        }
    }
    return info->has_key_name || info->has_key_digest ? CNDN_OK : CNDN_INVALID;
}

/* Elements after SignatureType and KeyLocator; all but ValidityPeriod are non-critical and come in any order. */
static cndn_result parse_field(const cndn_reader *r, const cndn_element *e, cndn_signature_info *info) {
    if (e->type == CNDN_SIGNATURE_NONCE && !info->has_nonce) {
        info->has_nonce = true;
        info->nonce = cndn_value_span(e);
        return e->length > 0 ? CNDN_OK : CNDN_INVALID;
    }
    if (e->type == CNDN_SIGNATURE_TIME && !info->has_time) {
        info->has_time = true;
        return cndn_element_nni(r, e, &info->time);
    }
    if (e->type == CNDN_SIGNATURE_SEQ_NUM && !info->has_sequence) {
        info->has_sequence = true;
        return cndn_element_nni(r, e, &info->sequence);
    }
    if (e->type == CNDN_VALIDITY_PERIOD && !info->has_validity_period) {
        info->has_validity_period = true;
        info->validity_period = cndn_value_span(e);
        return CNDN_OK;
    }
    return cndn_is_critical(e->type) ? CNDN_INVALID : CNDN_OK;
}

cndn_result cndn_signature_info_parse(cndn_reader r, cndn_signature_info *info) {
    *info = (cndn_signature_info){0};
    bool typed = false, locator_allowed = false;
    while (!cndn_at_end(&r)) {
        cndn_element e;
        cndn_result result = cndn_read_child(&r, &e);
        if (result != CNDN_OK) {
            return result;
        }
        if (e.type == CNDN_SIGNATURE_TYPE && !typed) {
            typed = locator_allowed = true;
            result = cndn_element_nni(&r, &e, &info->type);
        } else if (e.type == CNDN_KEY_LOCATOR && locator_allowed) {
            locator_allowed = false;
            result = parse_key_locator(cndn_enter(&r, &e), info);
        } else {
            result = parse_field(&r, &e, info);
            /* KeyLocator stands before all fields that are known. */
            locator_allowed = locator_allowed && !info->has_nonce && !info->has_time && !info->has_sequence &&
                              !info->has_validity_period;
        }
        if (result != CNDN_OK) {
            return CNDN_INVALID;
        }
    }
    return typed ? CNDN_OK : CNDN_INVALID;
}
