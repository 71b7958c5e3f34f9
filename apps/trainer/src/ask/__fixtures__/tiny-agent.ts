import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createDecoder, decoderConfig, getParameters, saveModel, selectEngine, trainCompactTokenizer } from '@dgpo/lm';
import { createRetriever } from '@dgpo/retriever';
import { createRandom } from '@dgpo/trajectory';

const passages = [
  { id: '0', contents: '"Peru"\nPeru is a country in South America. Its capital is Lima.' },
  { id: '1', contents: '"Lima"\nLima lies on the Pacific coast.' },
];

/** A model folder with random weights, and an index, below `directory`. */
export async function writeTinyAgent(directory: string, settings?: object) {
  await selectEngine({ engine: 'cpu' });
  const tokenizer = trainCompactTokenizer({
    texts: passages.map(({ contents }) => contents),
    specialTokens: [
      '<think>',
      '</think>',
      '<search>',
      '</search>',
      '<information>',
      '</information>',
      '<answer>',
      '</answer>',
    ],
    maximumPieces: 16,
  });
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 8,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 256,
  });
  const decoder = createDecoder({ config, random: createRandom(1) });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  const checkpoint = join(directory, 'model');
  await saveModel({ directory: checkpoint, config, parameters, tokenizer });
  if (settings !== undefined) writeFileSync(join(checkpoint, 'agent.json'), JSON.stringify(settings));
  const index = join(directory, 'index');
  mkdirSync(directory, { recursive: true });
  await (await createRetriever({ documents: passages })).save(index);
  return { checkpoint, index };
}
