#include "signature.h"

/* A KeyLocator holds a Name or a KeyDigest, exactly one of them. */
static cndn_result parse_key_locator(cndn_reader r, cndn_signature_info *info) {
    const uint16_t both = CNDN_HAS_KEY_NAME | CNDN_HAS_KEY_DIGEST;
    while (!cndn_at_end(&r)) {
        cndn_element e;
        cndn_name_info name;
        if (cndn_read_child(&r, &e) != CNDN_OK) {
            return CNDN_INVALID;
        }
        if (e.type == CNDN_NAME && !(info->flags & both)) {
            if (cndn_name_check(cndn_enter(&r, &e), &name) != CNDN_OK) {
                return CNDN_INVALID;
            }
            info->key_name = cndn_value_span(&e);
            info->flags |= CNDN_HAS_KEY_NAME;
        } else if (e.type == CNDN_KEY_DIGEST && !(info->flags & both)) {
            info->key_digest = cndn_value_span(&e);
            info->flags |= CNDN_HAS_KEY_DIGEST;
        } else if (cndn_is_critical(e.type)) {
            return CNDN_INVALID;
        }
    }
    return info->flags & both ? CNDN_OK : CNDN_INVALID;
}

/* Elements after SignatureType and KeyLocator; all but ValidityPeriod are non-critical and come in any order. */
static cndn_result parse_field(const cndn_reader *r, const cndn_element *e, cndn_signature_info *info) {
    uint16_t flag = e->type == CNDN_SIGNATURE_NONCE     ? CNDN_HAS_SIGNATURE_NONCE
                    : e->type == CNDN_SIGNATURE_TIME    ? CNDN_HAS_SIGNATURE_TIME
                    : e->type == CNDN_SIGNATURE_SEQ_NUM ? CNDN_HAS_SIGNATURE_SEQ_NUM
                    : e->type == CNDN_VALIDITY_PERIOD   ? CNDN_HAS_VALIDITY_PERIOD
                                                        : 0;
    if (flag == 0 || (info->flags & flag)) {
        return cndn_is_critical(e->type) ? CNDN_INVALID : CNDN_OK;
    }
    info->flags |= flag;
    switch (flag) {
    case CNDN_HAS_SIGNATURE_NONCE:
        info->nonce = cndn_value_span(e);
        return e->length > 0 ? CNDN_OK : CNDN_INVALID;
    case CNDN_HAS_SIGNATURE_TIME:
        return cndn_element_nni(r, e, &info->time);
    case CNDN_HAS_SIGNATURE_SEQ_NUM:
        return cndn_element_nni(r, e, &info->sequence);
    default:
        info->validity_period = cndn_value_span(e);
        return CNDN_OK;
    }
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
            locator_allowed = locator_allowed && info->flags == 0;
        }
        if (result != CNDN_OK) {
            return CNDN_INVALID;
        }
    }
    return typed ? CNDN_OK : CNDN_INVALID;
}
