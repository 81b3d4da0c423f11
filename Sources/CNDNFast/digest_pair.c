#include "digest.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#define WITH_SHA __attribute__((target("sha,ssse3,sse4.1")))

enum {
    LANES = 2,
    BLOCK = 64
};

/* FIPS 180-4, 4.2.2. */
static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* The eight words of a hash as the instructions want them, the first named in the highest place. */
typedef struct {
    __m128i abef;
    __m128i cdgh;
} lane;

/* FIPS 180-4, 5.3.3. */
WITH_SHA static lane begin(void) {
    lane l = {_mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c),
              _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19)};
    return l;
}

WITH_SHA static __m128i swap_octets(__m128i words) {
    return _mm_shuffle_epi8(words, _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
}

/* Writes the words in order, big-endian. */
WITH_SHA static void finish(lane l, uint8_t out[32]) {
    __m128i abcd = _mm_unpackhi_epi64(l.cdgh, l.abef);
    __m128i efgh = _mm_unpacklo_epi64(l.cdgh, l.abef);
    const __m128i reverse = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
    _mm_storeu_si128((__m128i *)out, _mm_shuffle_epi8(abcd, reverse));
    _mm_storeu_si128((__m128i *)(out + 16), _mm_shuffle_epi8(efgh, reverse));
}

/*
 * Hashes `count` blocks of each message. Each round of a message waits for the one before it; the rounds of the other fill
 * that time.
 */
WITH_SHA static void hash_blocks(lane lanes[LANES], const uint8_t *const messages[LANES], size_t count) {
    __m128i abef[LANES], cdgh[LANES];
    for (int i = 0; i < LANES; i++) {
        abef[i] = lanes[i].abef;
        cdgh[i] = lanes[i].cdgh;
    }
    for (size_t block = 0; block < count; block++) {
        __m128i words[LANES][4];
        lane before[LANES];
        for (int i = 0; i < LANES; i++) {
            before[i] = (lane){abef[i], cdgh[i]};
            for (int k = 0; k < 4; k++) {
                const uint8_t *from = messages[i] + block * BLOCK + k * 16;
                words[i][k] = swap_octets(_mm_loadu_si128((const __m128i *)from));
            }
        }
#pragma clang loop unroll(full)
        for (int round = 0; round < 64; round += 4) {
            const __m128i constants = _mm_load_si128((const __m128i *)(round_constants + round));
            for (int i = 0; i < LANES; i++) {
                __m128i *w0 = &words[i][round / 4 % 4];
                const __m128i w1 = words[i][(round / 4 + 1) % 4];
                const __m128i w2 = words[i][(round / 4 + 2) % 4];
                const __m128i w3 = words[i][(round / 4 + 3) % 4];
                const __m128i sum = _mm_add_epi32(*w0, constants);
                cdgh[i] = _mm_sha256rnds2_epu32(cdgh[i], abef[i], sum);
                abef[i] = _mm_sha256rnds2_epu32(abef[i], cdgh[i], _mm_shuffle_epi32(sum, 0x0e));
                if (round < 48) {
                    const __m128i seven_back = _mm_alignr_epi8(w3, w2, 4);
                    *w0 = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(*w0, w1), seven_back), w3);
                }
            }
        }
        for (int i = 0; i < LANES; i++) {
            abef[i] = _mm_add_epi32(abef[i], before[i].abef);
            cdgh[i] = _mm_add_epi32(cdgh[i], before[i].cdgh);
        }
    }
    for (int i = 0; i < LANES; i++) {
        lanes[i] = (lane){abef[i], cdgh[i]};
    }
}

/* FIPS 180-4, 5.1.1: what follows the whole blocks of a message, padded. Returns the number of blocks. */
static size_t pad(const uint8_t *message, size_t length, uint8_t out[2 * BLOCK]) {
    size_t rest = length % BLOCK;
    size_t blocks = rest + 9 <= BLOCK ? 1 : 2;
    memset(out, 0, 2 * BLOCK);
    memcpy(out, message + (length - rest), rest);
    out[rest] = 0x80;
    uint64_t bits = (uint64_t)length * 8;
    for (int i = 0; i < 8; i++) {
        out[blocks * BLOCK - 1 - i] = (uint8_t)(bits >> 8 * i);
    }
    return blocks;
}

WITH_SHA static void hash_pair(const uint8_t *const messages[LANES], size_t length, uint8_t *const out[LANES]) {
    lane lanes[LANES] = {begin(), begin()};
    hash_blocks(lanes, messages, length / BLOCK);
    uint8_t ends[LANES][2 * BLOCK];
    size_t blocks = pad(messages[0], length, ends[0]);
    pad(messages[1], length, ends[1]);
    const uint8_t *const rests[LANES] = {ends[0], ends[1]};
    hash_blocks(lanes, rests, blocks);
    finish(lanes[0], out[0]);
    finish(lanes[1], out[1]);
}

static bool ask_processor(void) {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_SSSE3) || !(c & bit_SSE4_1)) {
        return false;
    }
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
}

/* Asked once: on a virtual machine the instruction that tells costs as much as a packet. */
static bool has_sha(void) {
    enum { UNKNOWN, NO, YES };
    static atomic_int known = UNKNOWN;
    int answer = atomic_load_explicit(&known, memory_order_relaxed);
    if (answer == UNKNOWN) {
        answer = ask_processor() ? YES : NO;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == YES;
}

#endif

void cndn_digest_pair(cndn_digest *digest, const uint8_t *first, const uint8_t *second, size_t length,
                      uint8_t first_out[32], uint8_t second_out[32]) {
#if defined(__x86_64__)
    if (has_sha()) {
        const uint8_t *const messages[LANES] = {first, second};
        uint8_t *const out[LANES] = {first_out, second_out};
        hash_pair(messages, length, out);
        return;
    }
#endif
    cndn_digest_whole(digest, first, length, first_out);
    cndn_digest_whole(digest, second, length, second_out);
}
