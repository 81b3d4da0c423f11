/* The input is a list of segments and takes; a simple model of the blob says what must come out. */
#include "target.h"

enum {
    MODEL_SEGMENTS = 1024,
    MAX_SLABS = 4,
    MAX_CHUNK = 32
};

typedef struct {
    const uint8_t *input;
    size_t length;
} script;

typedef struct {
    cndn_reassembler r;
    uint64_t words[MAX_SLABS];
    uint8_t *memory[MAX_SLABS];
    bool placed[MODEL_SEGMENTS]; /* counted from the first segment */
    uint64_t first;
    uint64_t taken; /* octets */
} model;

static uint8_t next_octet(script *s) {
    if (s->length == 0) {
        return 0;
    }
    s->length--;
    return *s->input++;
}

static uint64_t next_number(script *s) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++) {
        number = number << 8 | next_octet(s);
    }
    return number;
}

static uint8_t octet_of(uint64_t segment, uint64_t i) {
    return (uint8_t)(segment * 31 + i * 7 + 1);
}

static void fill(model *m, uint64_t segment, size_t length, const cndn_slot *slot) {
    size_t size = cndn_reassembler_slab_size(&m->r, segment);
    if (slot->opened) {
        MUST(!m->memory[slot->slab]);
        m->memory[slot->slab] = malloc(size + 1);
    }
    MUST(m->memory[slot->slab] && slot->offset + length <= size);
    for (size_t i = 0; i < length; i++) {
        m->memory[slot->slab][slot->offset + i] = octet_of(segment, i);
    }
}

static void place(model *m, uint64_t segment, size_t length, bool has_final, uint64_t final) {
    cndn_slot slot;
    bool had = cndn_reassembler_has(&m->r, segment);
    uint64_t rel = segment - m->first;
    cndn_placement placement = cndn_reassembler_place(&m->r, segment, length, has_final, final, &slot);
    if (segment >= m->first && rel < MODEL_SEGMENTS) {
        MUST(had == m->placed[rel]);
    }
    if (placement != CNDN_PLACED) {
        MUST(placement != CNDN_DUPLICATE || cndn_reassembler_has(&m->r, segment));
        return;
    }
    MUST(!had && cndn_reassembler_has(&m->r, segment) && segment >= m->first);
    MUST(segment < cndn_reassembler_window_end(&m->r));
    MUST(length == m->r.chunk || segment == m->r.final);
    if (rel < MODEL_SEGMENTS) {
        m->placed[rel] = true;
    }
    fill(m, segment, length, &slot);
}

static void take(model *m, bool partial) {
    cndn_run run;
    if (!cndn_reassembler_take(&m->r, partial, &run)) {
        return;
    }
    MUST(m->memory[run.slab]);
    for (size_t i = 0; i < run.length; i++, m->taken++) {
        uint64_t segment = m->first + m->taken / m->r.chunk;
        MUST(segment - m->first >= MODEL_SEGMENTS || m->placed[segment - m->first]);
        MUST(m->memory[run.slab][run.offset + i] == octet_of(segment, m->taken % m->r.chunk));
    }
    if (run.finished) {
        free(m->memory[run.slab]);
        m->memory[run.slab] = NULL;
    }
}

static void check_state(model *m) {
    uint64_t missing = 0, size;
    while (missing < MODEL_SEGMENTS && m->placed[missing]) {
        missing++;
    }
    MUST(missing == MODEL_SEGMENTS || cndn_reassembler_missing(&m->r) == m->first + missing);
    if (m->r.complete && m->r.chunk > 0) {
        MUST(cndn_reassembler_size(&m->r, &size) && size - m->first * m->r.chunk == m->taken);
    }
}

static void step(model *m, script *s) {
    uint8_t op = next_octet(s);
    if ((op & 3) >= 2) {
        take(m, op & 1);
        return;
    }
    uint64_t segment = (op & 1) ? next_number(s) : cndn_reassembler_missing(&m->r) + next_octet(s) - 16;
    size_t length = op & 16 ? m->r.chunk : next_octet(s) % (MAX_CHUNK + 1);
    bool has_final = op & 4;
    uint64_t final = !has_final ? 0 : (op & 8) ? next_number(s) : m->first + next_octet(s);
    place(m, segment, length, has_final, final);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length) {
    static model m;
    script s = {input, length};
    memset(&m, 0, sizeof m);
    uint32_t slabs = 1 + next_octet(&s) % MAX_SLABS;
    size_t chunk = next_octet(&s) % (MAX_CHUNK + 1);
    m.first = next_octet(&s) & 1 ? next_number(&s) : 0;
    uint32_t slab_segments = 1 + next_octet(&s) % CNDN_SLAB_SEGMENTS;
    MUST(cndn_reassembler_init(&m.r, m.words, slabs, slab_segments, m.first, chunk) == CNDN_OK);
    while (s.length > 0) {
        step(&m, &s);
        check_state(&m);
    }
    for (int i = 0; i < MAX_SLABS; i++) {
        free(m.memory[i]);
    }
    return 0;
}
