/**
 * Writes, as JSON, the ids of 20 prompts and the log-probability of each of their tokens after the first, for `check_smollm2.py`.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/write-smollm2-log-probs.mjs MODEL FILE
 */
import { writeFile } from 'node:fs/promises';
import { hiddenStates, loadDecoder, outputEmbedding, selectEngine, tokenBatch, tokenLogProbs } from '@dgpo/lm';
import * as tf from '@tensorflow/tfjs';

const prompts = [
  'The capital of France is Paris, and the capital of Italy is Rome.',
  'Water boils at 100 degrees Celsius at sea level.',
  'def add(a, b):\n    return a + b\n',
  '<|im_start|>user\nWho wrote Hamlet?<|im_end|>\n<|im_start|>assistant\n',
  'In 1969, Neil Armstrong walked on the Moon.',
  'Once upon a time there was a small village by the sea.',
  'The derivative of x squared is 2x.',
  'Roses are red, violets are blue,',
  'const total = items.reduce((sum, { price }) => sum + price, 0);',
  'La tour Eiffel est à Paris.',
  'Q: What is 12 times 12?\nA: 144',
  'The mitochondria is the powerhouse of the cell.',
  '{"name": "Ada", "born": 1815, "tags": ["math", "computing"]}',
  'To make bread you need flour, water, salt and yeast.',
  'Search results: <document>Mount Everest is 8,849 m high.</document>',
  'The quick brown fox jumps over the lazy dog.',
  'Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.',
  'E = mc²; the speed of light is 299,792,458 m/s 🚀',
  'First, heat the oil. Second, add the onions. Third, stir.',
  'I think, therefore I am.',
];

const [directory, path] = process.argv.slice(2);
if (directory === undefined || path === undefined) {
  console.error('usage: write-smollm2-log-probs.mjs MODEL FILE');
  process.exit(2);
}
await selectEngine();
const { decoder, tokenizer } = await loadDecoder({ directory });
const results = [];
for (const prompt of prompts) {
  const ids = tokenizer.encode(prompt, { allowSpecial: true });
  const batch = tokenBatch({ sequences: [ids] });
  const values = tf.tidy(() => {
    const targets = tf.tensor1d([...ids.slice(1), ...Array(batch.time - ids.length + 1).fill(-1)], 'int32');
    return tokenLogProbs({ hidden: hiddenStates(decoder, batch), weight: outputEmbedding(decoder), targets }).logProbs;
  });
  results.push({ prompt, ids, logProbs: [...(await values.data())].slice(0, ids.length - 1) });
  values.dispose();
  batch.dispose();
}
decoder.dispose();
await writeFile(path, `${JSON.stringify(results)}\n`);
