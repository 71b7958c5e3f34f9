import { blockHalves } from './block-halves.js';

/**
 * Q4_1: 32 values in 20 bytes.
 *
 * | bytes | content |
 * |---|---|
 * | 0–1 | scale d, binary16 |
 * | 2–3 | minimum m, binary16 |
 * | 4–19 | byte i holds q of value i in its low and of value i + 16 in its high 4 bits |
 *
 * value = d·q + m. Source: `block_q4_1` of ggml-common.h.
 */
export function dequantizeQ4_1(blocks: Uint8Array, values: Float32Array): void {
  const scales = blockHalves(blocks, 20, 0);
  const minimums = blockHalves(blocks, 20, 2);
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block] as number;
    const minimum = minimums[block] as number;
    const quants = 20 * block + 4;
    for (let i = 0; i < 16; i++) {
      const pair = blocks[quants + i] as number;
      values[32 * block + i] = scale * (pair & 15) + minimum;
      values[32 * block + 16 + i] = scale * (pair >> 4) + minimum;
    }
  }
}
