#include "reassembler.h"

cndn_result cndn_reassembler_init(cndn_reassembler *r, uint64_t *words, uint32_t slabs, uint32_t slab_segments,
                                  uint64_t first, size_t chunk) {
    if (slabs == 0 || slabs > CNDN_MAX_SLABS || slab_segments == 0 || slab_segments > CNDN_SLAB_SEGMENTS ||
        chunk > CNDN_MAX_PACKET) {
        return CNDN_INVALID;
    }
    memset(words, 0, slabs * sizeof *words);
    *r = (cndn_reassembler){
        .words = words, .slabs = slabs, .slab_segments = slab_segments, .first = first, .end = first, .chunk = chunk,
        .has_chunk = chunk > 0};
    return CNDN_OK;
}

/* The slab of a segment, counted from the first of the blob; segment >= first. */
static uint64_t slab_of(const cndn_reassembler *r, uint64_t segment) {
    return (segment - r->first) / r->slab_segments;
}

static uint64_t bit_of(const cndn_reassembler *r, uint64_t segment) {
    return (uint64_t)1 << (segment - r->first) % r->slab_segments;
}

static uint64_t *word_of(const cndn_reassembler *r, uint64_t slab) {
    return &r->words[slab % r->slabs];
}

/* Segments of a slab up to the final one, if that is known and lies in it. */
static uint32_t segments_of(const cndn_reassembler *r, uint64_t slab) {
    if (r->has_final && slab_of(r, r->final) == slab) {
        return (uint32_t)((r->final - r->first) % r->slab_segments) + 1;
    }
    return r->slab_segments;
}

/* The chunk size that a segment shows, if it is not known before. */
static cndn_placement learn_chunk(cndn_reassembler *r, uint64_t segment, size_t length) {
    bool is_last = r->has_final && r->final == segment;
    if (r->has_chunk) {
        return CNDN_PLACED;
    }
    if (length > CNDN_MAX_PACKET || (length == 0 && !is_last)) {
        return is_last ? CNDN_BAD_LAST_LENGTH : CNDN_BAD_LENGTH;
    }
    if (is_last && segment != 0) {
        return CNDN_CHUNK_UNKNOWN;
    }
    r->chunk = length;
    r->has_chunk = true;
    return CNDN_PLACED;
}

static bool size_overflows(const cndn_reassembler *r) {
    uint64_t size;
    return r->has_final && r->has_chunk &&
           (__builtin_mul_overflow(r->final, (uint64_t)r->chunk, &size) || size > INT64_MAX - CNDN_MAX_PACKET);
}

/* Every rule about the numbers of a segment; `r` is the caller's copy, which takes over what it learns. */
static cndn_placement check(cndn_reassembler *r, uint64_t segment, size_t length, bool has_final, uint64_t final) {
    if (has_final && r->has_final && final != r->final) {
        return CNDN_FINAL_CHANGED;
    }
    if (has_final && !r->has_final) {
        if (final < segment || (r->end > r->first && final < r->end - 1)) {
            return CNDN_FINAL_INVALID;
        }
        r->has_final = true;
        r->final = final;
        r->last_length = r->chunk;
    }
    if (r->has_final && segment > r->final) {
        return CNDN_PAST_FINAL;
    }
    cndn_placement placement = learn_chunk(r, segment, length);
    if (placement != CNDN_PLACED) {
        return placement;
    }
    if (size_overflows(r)) {
        return CNDN_FINAL_INVALID;
    }
    if (r->has_final && segment == r->final) {
        return length > r->chunk ? CNDN_BAD_LAST_LENGTH : CNDN_PLACED;
    }
    return length != r->chunk ? CNDN_BAD_LENGTH : CNDN_PLACED;
}

cndn_placement cndn_reassembler_place(cndn_reassembler *r, uint64_t segment, size_t length, bool has_final,
                                      uint64_t final, cndn_slot *slot) {
    if (segment < r->first || segment == UINT64_MAX) {
        return CNDN_OUTSIDE;
    }
    cndn_reassembler learned = *r;
    cndn_placement placement = check(&learned, segment, length, has_final, final);
    if (placement != CNDN_PLACED) {
        return placement;
    }
    *r = learned;
    r->complete = r->complete || (r->has_final && slab_of(r, r->final) < r->base);
    uint64_t slab = slab_of(r, segment);
    if (slab < r->base || r->complete) {
        return CNDN_DUPLICATE;
    }
    if (slab - r->base >= r->slabs) {
        return CNDN_OUTSIDE;
    }
    uint64_t *word = word_of(r, slab);
    if (*word & bit_of(r, segment)) {
        return CNDN_DUPLICATE;
    }
    slot->slab = (uint32_t)(slab % r->slabs);
    slot->opened = *word == 0;
    slot->offset = (size_t)((segment - r->first) % r->slab_segments) * r->chunk;
    *word |= bit_of(r, segment);
    r->end = segment >= r->end ? segment + 1 : r->end;
    if (r->has_final && segment == r->final) {
        r->last_length = length;
    }
    return CNDN_PLACED;
}

/* Segments at the beginning of a slab without a gap. */
static uint32_t contiguous(uint64_t word) {
    return ~word == 0 ? CNDN_SLAB_SEGMENTS : (uint32_t)__builtin_ctzll(~word);
}

bool cndn_reassembler_take(cndn_reassembler *r, bool partial, cndn_run *run) {
    uint64_t *word = word_of(r, r->base);
    uint32_t have = contiguous(*word), whole = segments_of(r, r->base);
    bool finished = have == whole;
    if (r->complete || !(finished || (partial && have > r->taken))) {
        return false;
    }
    bool last = finished && r->has_final && slab_of(r, r->final) == r->base;
    run->slab = (uint32_t)(r->base % r->slabs);
    run->finished = finished;
    run->offset = r->taken * r->chunk;
    run->length = (have - r->taken) * r->chunk;
    if (last && have > r->taken) {
        run->length -= r->chunk - r->last_length;
    }
    r->taken = finished ? 0 : have;
    if (finished) {
        *word = 0;
        r->base++;
        r->complete = last;
    }
    return true;
}

uint64_t cndn_reassembler_missing(const cndn_reassembler *r) {
    uint64_t slab = r->base;
    if (r->complete) {
        return r->final + 1;
    }
    while (slab - r->base < r->slabs && contiguous(*word_of(r, slab)) == r->slab_segments) {
        slab++;
    }
    uint32_t more = slab - r->base < r->slabs ? contiguous(*word_of(r, slab)) : 0;
    return r->first + slab * r->slab_segments + more;
}

bool cndn_reassembler_has(const cndn_reassembler *r, uint64_t segment) {
    if (segment < r->first || segment >= r->end) {
        return false;
    }
    uint64_t slab = slab_of(r, segment);
    return r->complete || slab < r->base || (*word_of(r, slab) & bit_of(r, segment)) != 0;
}

uint64_t cndn_reassembler_window_end(const cndn_reassembler *r) {
    uint64_t end;
    bool overflows = __builtin_add_overflow(r->first, (r->base + r->slabs) * r->slab_segments, &end);
    return overflows ? UINT64_MAX : end;
}

size_t cndn_reassembler_slab_size(const cndn_reassembler *r, uint64_t segment) {
    return segment < r->first ? 0 : segments_of(r, slab_of(r, segment)) * r->chunk;
}

bool cndn_reassembler_size(const cndn_reassembler *r, uint64_t *size) {
    if (!r->has_final || !cndn_reassembler_has(r, r->final)) {
        return false;
    }
    *size = r->final * r->chunk + r->last_length;
    return true;
}
