import { blockHalves } from './block-halves.js';

/**
 * Q4_0: 32 values in 18 bytes.
 *
 * | bytes | content |
 * |---|---|
 * | 0–1 | scale d, binary16 |
 * | 2–17 | byte i holds q of value i in its low and of value i + 16 in its high 4 bits |
 *
 * value = d·(q − 8). Source: `block_q4_0` of ggml-common.h.
 */
export function dequantizeQ4_0(blocks: Uint8Array, values: Float32Array): void {
  const scales = blockHalves(blocks, 18, 0);
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block] as number;
    const quants = 18 * block + 2;
    for (let i = 0; i < 16; i++) {
      const pair = blocks[quants + i] as number;
      values[32 * block + i] = scale * ((pair & 15) - 8);
      values[32 * block + 16 + i] = scale * ((pair >> 4) - 8);
    }
  }
}
