#include "tlv.h"

cndn_result cndn_read_header(cndn_reader *r, uint32_t *type, uint64_t *length) {
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

cndn_result cndn_read_element(cndn_reader *r, cndn_element *e) {
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

cndn_result cndn_read_child(cndn_reader *r, cndn_element *e) {
    return cndn_read_element(r, e) == CNDN_OK ? CNDN_OK : CNDN_INVALID;
}

cndn_result cndn_nni(const uint8_t *value, size_t length, uint64_t *number) {
    if (length != 1 && length != 2 && length != 4 && length != 8) {
        return CNDN_INVALID;
    }
    *number = cndn_load(value, length);
    return CNDN_OK;
}

void cndn_write_octets(cndn_writer *w, const void *octets, size_t length) {
    uint8_t *p = cndn_reserve(w, length);
    if (p && length > 0) {
        memcpy(p, octets, length);
    }
}

void cndn_write_varnum(cndn_writer *w, uint64_t number) {
    size_t n = cndn_varnum_size(number);
    uint8_t *p = cndn_reserve(w, n);
    if (!p) {
        return;
    }
    if (n == 1) {
        p[0] = (uint8_t)number;
        return;
    }
    p[0] = n == 3 ? 0xFD : n == 5 ? 0xFE : 0xFF;
    cndn_store(p + 1, number, n - 1);
}

void cndn_write_header(cndn_writer *w, uint32_t type, uint64_t length) {
    cndn_write_varnum(w, type);
    cndn_write_varnum(w, length);
}

void cndn_write_element(cndn_writer *w, uint32_t type, const void *value, size_t length) {
    cndn_write_header(w, type, length);
    cndn_write_octets(w, value, length);
}

void cndn_write_nni(cndn_writer *w, uint32_t type, uint64_t number) {
    size_t n = cndn_nni_size(number);
    cndn_write_header(w, type, n);
    uint8_t *p = cndn_reserve(w, n);
    if (p) {
        cndn_store(p, number, n);
    }
}
