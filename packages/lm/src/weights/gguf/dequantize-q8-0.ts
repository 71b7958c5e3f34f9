import { blockHalves } from './block-halves.js';

/**
 * Q8_0: 32 values in 34 bytes.
 *
 * | bytes | content |
 * |---|---|
 * | 0–1 | scale d, binary16 |
 * | 2–33 | one int8 q per value |
 *
 * value = d·q. Source: `block_q8_0` of ggml-common.h.
 */
export function dequantizeQ8_0(blocks: Uint8Array, values: Float32Array): void {
  const scales = blockHalves(blocks, 34, 0);
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block] as number;
    const quants = 34 * block + 2;
    for (let i = 0; i < 32; i++) values[32 * block + i] = scale * (((blocks[quants + i] as number) << 24) >> 24);
  }
}
