#ifndef CNDN_REASSEMBLER_H
#define CNDN_REASSEMBLER_H

#include "tlv.h"

/*
 * Segments of one blob, in any order, become runs of octets in order (docs/protocol.md 10.2).
 *
 * The reassembler keeps the books only: it tells the caller where in the caller's memory a payload belongs and which
 * octets are complete. That memory is a ring of slabs of up to CNDN_SLAB_SEGMENTS segments. All segments but the final
 * one hold `chunk` octets; the final one may be shorter. No number a peer can send makes it trap or look outside.
 */

/* Segments of one slab, at most: the bits of one word. */
#define CNDN_SLAB_SEGMENTS 64u

/* Slabs of a ring, at most. */
#define CNDN_MAX_SLABS 65536u

typedef enum {
    CNDN_PLACED = 0,         /* new: copy the payload to the slot */
    CNDN_DUPLICATE = 1,      /* was there before, or its octets have been taken */
    CNDN_OUTSIDE = 2,        /* before the first segment, or beyond the window */
    CNDN_PAST_FINAL = 3,     /* beyond the final segment */
    CNDN_BAD_LENGTH = 4,     /* a segment before the final one whose payload is not of chunk size */
    CNDN_BAD_LAST_LENGTH = 5, /* a final segment longer than chunk size */
    CNDN_FINAL_CHANGED = 6,  /* FinalBlockId differs from an earlier one */
    CNDN_FINAL_INVALID = 7,  /* FinalBlockId lies before a segment that exists, or the blob would exceed 2^63-1 octets */
    CNDN_CHUNK_UNKNOWN = 8   /* the final segment came first: nothing tells the chunk size; ask again later */
} cndn_placement;

/* Where a payload belongs. */
typedef struct {
    uint32_t slab; /* of the ring */
    bool opened;   /* the first payload of this slab: it needs memory */
    size_t offset; /* octets from the start of the slab */
} cndn_slot;

/* Octets in order, all in one slab. */
typedef struct {
    uint32_t slab;
    bool finished; /* the last octets of this slab: its memory is not used any more */
    size_t offset;
    size_t length; /* 0 only at the end of a blob whose final segment is empty */
} cndn_run;

/* Private: use the functions. */
typedef struct {
    uint64_t *words; /* the caller's; a bit for each segment of the ring */
    uint32_t slabs;
    uint32_t slab_segments;
    uint32_t taken; /* segments of the base slab whose octets have been taken */
    uint64_t base;  /* slabs before this one have been taken whole */
    uint64_t first;
    uint64_t end; /* highest segment placed, plus one; `first` when there is none */
    uint64_t final;
    size_t chunk;
    size_t last_length;
    bool has_chunk;
    bool has_final;
    bool complete;
} cndn_reassembler;

/*
 * Starts a blob at segment `first`. `words` are `slabs` zeroed or unset words of the caller that live as long as `r`;
 * slabs in 1...CNDN_MAX_SLABS, slab_segments in 1...CNDN_SLAB_SEGMENTS, chunk at most CNDN_MAX_PACKET. chunk 0: learn it
 * from the first segment that is not the final one (or from segment 0 if that is the final one). CNDN_OK or
 * CNDN_INVALID.
 */
cndn_result cndn_reassembler_init(cndn_reassembler *r, uint64_t *words, uint32_t slabs, uint32_t slab_segments,
                                  uint64_t first, size_t chunk);

/* A segment with a payload of `length` octets and perhaps a FinalBlockId. *slot is set for CNDN_PLACED alone. */
cndn_placement cndn_reassembler_place(cndn_reassembler *r, uint64_t segment, size_t length, bool has_final,
                                      uint64_t final, cndn_slot *slot);

/*
 * Takes the next octets in order: what is left of the base slab once it is complete, and if `partial` also the
 * beginning of one that is not. False: nothing to take.
 */
bool cndn_reassembler_take(cndn_reassembler *r, bool partial, cndn_run *run);

/* The lowest segment that has not been placed; final + 1 (wrapping) when all have. */
uint64_t cndn_reassembler_missing(const cndn_reassembler *r);

/* Whether a segment has been placed. */
bool cndn_reassembler_has(const cndn_reassembler *r, uint64_t segment);

/* The first segment beyond the window; 2^64-1 at most. */
uint64_t cndn_reassembler_window_end(const cndn_reassembler *r);

/* Octets of the slab that holds segment `segment`: fewer than a full one when the final segment lies in it. */
size_t cndn_reassembler_slab_size(const cndn_reassembler *r, uint64_t segment);

/* Octets of the whole blob, from segment 0. False until the final segment has been placed. */
bool cndn_reassembler_size(const cndn_reassembler *r, uint64_t *size);

#endif
