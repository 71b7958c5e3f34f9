/**
 * What a worker holds while it trains adapters of DGPO on one base: `npm run measure:memory -- [model folder] [tokens]
 * [plain | checkpointing] [slots]`. Student, critic and teacher are adapters on the same weights; `plain` keeps all activations.
 */
import { createSampler, type LoraOptions, loadTokenizer, selectEngine } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';
import { closeJobContext, createJobContext, modelNamed, runJob } from '../../apps/trainer/src/compute/jobs.js';

const [directory = '.models/smollm2-135m', length = '512', kind = 'checkpointing', count = '8'] = process.argv.slice(2);
const tokens = Number(length);
const gradientCheckpointing = kind !== 'plain';
const slots = Number(count);
const lora: LoraOptions = { rank: 16, alpha: 32, targetModules: 'all-linear' };

await selectEngine({ engine: 'wasm' });
const { wasm } = tf.backend() as unknown as {
  wasm: { asm: { memory: { buffer: ArrayBuffer } }; _malloc(bytes: number): number; _free(pointer: number): void };
};
const { _malloc: allocate, _free: free } = wasm;
const sizes = new Map<number, number>();
let live = 0;
let peak = 0;
wasm._malloc = (bytes) => {
  const pointer = allocate(bytes);
  sizes.set(pointer, bytes);
  live += bytes;
  peak = Math.max(peak, live);
  return pointer;
};
wasm._free = (pointer) => {
  live -= sizes.get(pointer) ?? 0;
  sizes.delete(pointer);
  free(pointer);
};

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0).padStart(6);
console.log('phase                      held  peak  heap MB   seconds');
async function phase(name: string, run: () => Promise<unknown>): Promise<void> {
  peak = live;
  const start = performance.now();
  await run();
  const heap = wasm.asm.memory.buffer.byteLength;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${name.padEnd(24)}${megabytes(live)}${megabytes(peak)}${megabytes(heap)}   ${seconds.padStart(6)}`);
}

const context = createJobContext();
const tokenizer = await loadTokenizer(directory);
const open = (name: string, valueHead = false) =>
  runJob(context, { kind: 'open', name, base: 'base', lora, valueHead, seed: 1 });

await phase('base', () => runJob(context, { kind: 'open', name: 'base', directory, seed: 1 }));
await phase('student', () => open('student'));
await phase('critic, with value head', () => open('critic', true));
await phase('teacher', () => open('teacher'));

const random = createRandom(1);
const row = {
  tokenIds: Int32Array.from({ length: tokens }, () => random.integer(tokenizer.vocabularySize)),
  mask: new Uint8Array(tokens).fill(1),
};
const each = (value: number) => new Float32Array(tokens - 1).fill(value);
const sampler = createSampler({
  decoder: modelNamed(context, 'student'),
  tokenizer,
  slots,
  maxContextTokens: tokens,
});
await phase('sampling', async () => {
  await sampler.generate(
    Array.from({ length: slots }, (_, index) => ({
      id: `${index}`,
      contextTokenIds: [...row.tokenIds.subarray(0, tokens - 16)].map((id) => (id + index) % tokenizer.vocabularySize),
      maxTokens: 16,
      temperature: 1,
      random: random.split(index),
    })),
  );
  // As after every job.
  sampler.reset();
});
await phase('scoring', () =>
  runJob(context, { kind: 'score', model: 'student', what: 'log-probs', rows: [row], temperature: 1 }),
);
const shared = { rows: [row], weights: each(1 / tokens), gradientCheckpointing };
await phase('policy gradient', () =>
  runJob(context, {
    kind: 'policy',
    student: 'student',
    ...shared,
    oldLogProbs: each(-10),
    advantages: each(1),
    clipRatio: 0.2,
    entropyCoefficient: 0,
    temperature: 1,
    teacher: { name: 'teacher', weights: each(1 / tokens), direction: 'reverse' },
  }),
);
await phase('value gradient', () =>
  runJob(context, { kind: 'value', critic: 'critic', ...shared, oldValues: each(0), returns: each(1), clipRange: 10 }),
);
await closeJobContext(context);
