#include "name.h"

cndn_result cndn_read_component(cndn_reader *r, cndn_element *component) {
    if (cndn_read_child(r, component) != CNDN_OK || component->type > UINT16_MAX) {
        return CNDN_INVALID;
    }
    bool digest = component->type == CNDN_IMPLICIT_DIGEST || component->type == CNDN_PARAMETERS_DIGEST;
    return digest && component->length != 32 ? CNDN_INVALID : CNDN_OK;
}

cndn_result cndn_name_check(cndn_reader r, cndn_name_info *info) {
    *info = (cndn_name_info){0};
    while (!cndn_at_end(&r)) {
        cndn_element component;
        if (cndn_read_component(&r, &component) != CNDN_OK) {
            return CNDN_INVALID;
        }
        info->components++;
        if (component.type == CNDN_IMPLICIT_DIGEST) {
            info->implicit_digests++;
        } else if (component.type == CNDN_PARAMETERS_DIGEST) {
            info->parameters_digests++;
            info->parameters_digest = component.start;
        }
    }
    return CNDN_OK;
}

size_t cndn_name_count(const uint8_t *value, size_t length) {
    cndn_reader r = cndn_reader_make(value, length);
    cndn_element component;
    size_t count = 0;
    while (!cndn_at_end(&r) && cndn_read_component(&r, &component) == CNDN_OK) {
        count++;
    }
    return count;
}

size_t cndn_name_prefix(const uint8_t *value, size_t length, size_t n) {
    cndn_reader r = cndn_reader_make(value, length);
    cndn_element component;
    while (n > 0 && !cndn_at_end(&r) && cndn_read_component(&r, &component) == CNDN_OK) {
        n--;
    }
    return r.pos;
}

bool cndn_name_split_segment(const uint8_t *value, size_t length, size_t *prefix, uint64_t *segment) {
    cndn_reader r = cndn_reader_make(value, length);
    cndn_element component = {0};
    while (!cndn_at_end(&r)) {
        if (cndn_read_component(&r, &component) != CNDN_OK) {
            return false;
        }
    }
    if (component.type != CNDN_SEGMENT || cndn_element_nni(&r, &component, segment) != CNDN_OK) {
        return false;
    }
    *prefix = component.start;
    return component.length == cndn_nni_size(*segment);
}

int cndn_name_compare(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length) {
    /* Canonical order (docs/protocol.md 3.2) is that of memcmp, since var-numbers are in shortest form. */
    size_t common = a_length < b_length ? a_length : b_length;
    int order = common == 0 ? 0 : memcmp(a, b, common);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}
