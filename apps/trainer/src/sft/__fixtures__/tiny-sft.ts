import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDecoder, decoderConfig, getParameters, saveModel, selectEngine, trainCompactTokenizer } from '@dgpo/lm';
import { createRandom } from '@dgpo/trajectory';

const colours = ['red', 'blue', 'green', 'grey', 'pink', 'gold'];
const texts = Array.from(
  { length: 48 },
  (_, index) => `The flag number ${index} of the fleet is ${colours[index % colours.length]} and has a star.`,
);

/** Texts of one form, and a model folder with random weights, below `root`. */
export async function writeTinySft(root: string): Promise<void> {
  writeFileSync(join(root, 'texts.jsonl'), texts.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  await selectEngine({ engine: 'cpu' });
  const tokenizer = trainCompactTokenizer({ texts, specialTokens: [], maximumPieces: 64 });
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 32,
    numHiddenLayers: 2,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 64,
  });
  const decoder = createDecoder({ config, random: createRandom(1) });
  await saveModel({ directory: join(root, 'model'), config, parameters: await getParameters(decoder), tokenizer });
  decoder.dispose();
}
