/* Interest, Data, Name, SignatureInfo and plain TLV decoders, each on the same octets. */
#include "target.h"

static volatile unsigned sink;

static void check_name(const uint8_t *value, size_t length) {
    cndn_name_info info;
    if (cndn_name_check(cndn_reader_make(value, length), &info) != CNDN_OK) {
        return;
    }
    size_t count = cndn_name_count(value, length), prefix = 0;
    uint64_t segment = 0;
    MUST(cndn_name_prefix(value, length, count) == length);
    MUST(cndn_name_prefix(value, length, count + 1) == length);
    for (size_t n = 0; n < count && n < 8; n++) {
        size_t shorter = cndn_name_prefix(value, length, n);
        MUST(shorter < length);
        MUST(cndn_name_compare(value, shorter, value, length) < 0);
    }
    MUST(cndn_name_compare(value, length, value, length) == 0);
    if (cndn_name_split_segment(value, length, &prefix, &segment)) {
        MUST(prefix == cndn_name_prefix(value, length, count - 1));
    }
}

static void check_interest(const uint8_t *packet, size_t length) {
    cndn_interest interest;
    if (cndn_interest_decode(packet, length, &interest) != CNDN_OK) {
        return;
    }
    sink += touch(packet, length, interest.name) + touch(packet, length, interest.forwarding_hint) +
            touch(packet, length, interest.parameters) + touch(packet, length, interest.signature_info) +
            touch(packet, length, interest.signature_value);
    MUST(interest.end == length && interest.value <= length);
    MUST(interest.nonce + (interest.has_nonce ? 4u : 0u) <= length);
    MUST(interest.hop_limit + (interest.has_hop_limit ? 1u : 0u) <= length);
    check_name(packet + interest.name.offset, interest.name.length);
}

static void check_data(const uint8_t *packet, size_t length) {
    cndn_data data;
    if (cndn_data_decode(packet, length, &data) != CNDN_OK) {
        return;
    }
    sink += touch(packet, length, data.name) + touch(packet, length, data.final_block) +
            touch(packet, length, data.content) + touch(packet, length, data.signature_info) +
            touch(packet, length, data.signature_value);
    MUST(data.signed_start <= data.signed_end && data.signed_end <= length);
    check_name(packet + data.name.offset, data.name.length);
    cndn_signature_info info;
    cndn_reader inside = {packet, data.signature_info.offset, data.signature_info.offset + data.signature_info.length};
    MUST(cndn_signature_info_parse(inside, &info) == CNDN_OK);
}

static void check_elements(const uint8_t *octets, size_t length) {
    cndn_reader r = cndn_reader_make(octets, length);
    cndn_element e;
    while (!cndn_at_end(&r) && cndn_read_element(&r, &e) == CNDN_OK) {
        MUST(e.type != 0 && e.start < e.value && e.value + e.length == r.pos && r.pos <= length);
        MUST(e.value - e.start == cndn_element_size(e.type, e.length) - e.length);
        uint64_t number;
        MUST((cndn_element_nni(&r, &e, &number) == CNDN_OK) ==
             (e.length == 1 || e.length == 2 || e.length == 4 || e.length == 8));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length) {
    check_interest(input, length);
    check_data(input, length);
    check_elements(input, length);
    if (length > CNDN_MAX_PACKET) {
        return 0;
    }
    check_name(input, length);
    cndn_signature_info info;
    if (cndn_signature_info_parse(cndn_reader_make(input, length), &info) == CNDN_OK) {
        sink += touch(input, length, info.key_name) + touch(input, length, info.key_digest) +
                touch(input, length, info.nonce) + touch(input, length, info.validity_period);
    }
    return 0;
}
