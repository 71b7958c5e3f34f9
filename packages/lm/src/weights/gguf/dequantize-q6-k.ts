import { blockHalves } from './block-halves.js';

/**
 * Q6_K: 256 values in 210 bytes, as 16 groups of 16 with an int8 scale s each.
 *
 * | bytes | content |
 * |---|---|
 * | 0–127 | low 4 bits of q; 64 bytes for each half of the values |
 * | 128–191 | high 2 bits of q; 32 bytes for each half |
 * | 192–207 | s of each group |
 * | 208–209 | scale d, binary16 |
 *
 * The 128 values of a half are four runs of 32. Value i of run r has its low bits in byte i + 32·(r mod 2) of the half's
 * 64, in the low 4 bits for runs 0 and 1, in the high for 2 and 3; its high bits are bits 2r and 2r + 1 of byte i of
 * the half's 32. value = d·s·(q − 32). Source: `block_q6_K` of ggml-common.h, `dequantize_row_q6_K` of ggml-quants.c.
 */
export function dequantizeQ6_K(blocks: Uint8Array, values: Float32Array): void {
  const scales = blockHalves(blocks, 210, 208);
  for (let block = 0; block < scales.length; block++) {
    const start = 210 * block;
    for (let group = 0; group < 16; group++) {
      const half = group >> 3;
      const run = (group >> 1) & 3;
      const within = 16 * (group & 1);
      const low = start + 64 * half + 32 * (run & 1) + within;
      const high = start + 128 + 32 * half + within;
      const lowShift = 4 * (run >> 1);
      const scale = (scales[block] as number) * (((blocks[start + 192 + group] as number) << 24) >> 24);
      const out = 256 * block + 16 * group;
      for (let i = 0; i < 16; i++) {
        const bits =
          (((blocks[low + i] as number) >> lowShift) & 15) | ((((blocks[high + i] as number) >> (2 * run)) & 3) << 4);
        values[out + i] = scale * (bits - 32);
      }
    }
  }
}
