import { blockHalves } from './block-halves.js';

/**
 * Q4_K: 256 values in 144 bytes, as 8 groups of 32 with a 6-bit scale s and a 6-bit minimum m each.
 *
 * | bytes | content |
 * |---|---|
 * | 0–1 | scale d of the scales, binary16 |
 * | 2–3 | scale e of the minimums, binary16 |
 * | 4–7 | low 6 bits: s of groups 0–3; high 2 bits: bits 4–5 of s of groups 4–7 |
 * | 8–11 | the same for m |
 * | 12–15 | groups 4–7: low 4 bits of s in the low, of m in the high 4 bits |
 * | 16–143 | 32 bytes for each two groups: q of the first in the low, of the second in the high 4 bits |
 *
 * value = d·s·q − e·m. Source: `block_q4_K` of ggml-common.h, `get_scale_min_k4` of ggml-quants.c.
 */
export function dequantizeQ4_K(blocks: Uint8Array, values: Float32Array): void {
  const scales = blockHalves(blocks, 144, 0);
  const minimums = blockHalves(blocks, 144, 2);
  for (let block = 0; block < scales.length; block++) {
    for (let group = 0; group < 8; group++) {
      const packed = 144 * block + 4 + (group & 3);
      let scale = blocks[packed] as number;
      let minimum = blocks[packed + 4] as number;
      if (group < 4) {
        scale &= 63;
        minimum &= 63;
      } else {
        const low = blocks[packed + 8] as number;
        scale = (low & 15) | ((scale >> 6) << 4);
        minimum = (low >> 4) | ((minimum >> 6) << 4);
      }
      const groupScale = (scales[block] as number) * scale;
      const groupMinimum = (minimums[block] as number) * minimum;
      const quants = 144 * block + 16 + 32 * (group >> 1);
      const shift = 4 * (group & 1);
      const out = 256 * block + 32 * group;
      for (let i = 0; i < 32; i++) {
        values[out + i] = groupScale * (((blocks[quants + i] as number) >> shift) & 15) - groupMinimum;
      }
    }
  }
}
