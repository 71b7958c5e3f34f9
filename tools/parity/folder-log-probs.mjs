/**
 * What `@dgpo/lm` computes for a model: token ids, their log-probabilities and a greedy continuation of every prompt.
 *
 *   node --import tsx --conditions=@dgpo/source tools/parity/folder-log-probs.mjs FOLDER OUT.json [ADAPTER]
 */
import { readFile, writeFile } from 'node:fs/promises';
import {
  createSampler,
  hiddenStates,
  loadAdapter,
  loadDecoder,
  outputEmbedding,
  selectEngine,
  tokenBatch,
  tokenLogProbs,
} from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';
import * as tf from '@tensorflow/tfjs-core';

const [folder, out, adapter] = process.argv.slice(2);
const engine = await selectEngine();
const { decoder, tokenizer } = await loadDecoder({ directory: folder });
if (adapter !== undefined) await loadAdapter({ directory: adapter, decoder });
const prompts = JSON.parse(await readFile(new URL('prompts.json', import.meta.url), 'utf8'));
const sampler = createSampler({ decoder, tokenizer, slots: 1, maxContextTokens: 256 });

const results = [];
for (const prompt of prompts) {
  const tokenIds = tokenizer.encode(prompt);
  const [generated] = await sampler.generate([
    { id: prompt, contextTokenIds: tokenIds, maxTokens: 16, temperature: 0, random: createRandom(0) },
  ]);
  sampler.reset();
  const batch = tokenBatch({ sequences: [tokenIds] });
  const scores = tf.tidy(() => {
    const rows = Array.from({ length: tokenIds.length - 1 }, (_, index) => index);
    const hidden = tf.slice(hiddenStates(decoder, batch), [0, 0], [rows.length, decoder.config.hiddenSize]);
    return tokenLogProbs({ hidden, weight: outputEmbedding(decoder), targets: tf.tensor1d(tokenIds.slice(1), 'int32') })
      .logProbs;
  });
  results.push({ prompt, tokenIds, logProbs: [...(await scores.data())], greedy: generated.tokenIds });
  scores.dispose();
  batch.dispose();
}
await writeFile(out, `${JSON.stringify({ engine: engine.name, results })}\n`);
process.exit(0);
