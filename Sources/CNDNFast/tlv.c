#include "tlv.h"

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
