import {
  type DecoderConfig,
  loadChatTemplate,
  loadTokenizer,
  loraShapes,
  parameterCount,
  resolveModel,
} from '@dgpo/lm';
import { readModelConfig } from '../estimate/model-config.js';
import { exampleRows } from './example-rows.js';
import { readSftData, type SftData } from './hold-out.js';
import { loraOptions } from './lora-options.js';
import type { ExampleRow } from './measure-loss.js';
import type { SftRecipe } from './sft-schema.js';

/** Training or held-out sequences. */
interface Amount {
  examples: number;
  sequences: number;
  tokens: number;
}

/** What is known of a run before it starts. */
export interface SftCheck {
  model: { directory: string; config: DecoderConfig; parameters: number; trained: number };
  train: Amount;
  heldOut: Amount;
  /** Tokens of all updates, roughly. */
  updates: { steps: number; tokens: number; epochs: number };
}

const amountOf = (examples: SftData['train'], rows: readonly ExampleRow[]): Amount => ({
  examples: examples.length,
  sequences: rows.length,
  tokens: rows.reduce((total, row) => total + row.tokenIds.length, 0),
});

/**
 * Reads the data and the model's sizes, and counts what would be trained. Nothing is downloaded.
 *
 * @throws {DatasetError} for the first bad line of a file
 * @throws {ModelError} for a model folder that cannot be used, or one that would have to be downloaded
 */
export async function checkSft({ recipe }: { recipe: SftRecipe }): Promise<SftCheck> {
  const directory = await resolveModel({ model: recipe.model, offline: true });
  const config = await readModelConfig(directory);
  const tokenizer = await loadTokenizer(directory);
  const chatTemplate = await loadChatTemplate(directory);
  const data = await readSftData(recipe);
  const { maxLength } = recipe.data;
  const [train, heldOut] = [data.train, data.test].map((examples) =>
    amountOf(examples, exampleRows({ examples, tokenizer, chatTemplate, maxLength })),
  ) as [Amount, Amount];
  const lora = loraOptions(recipe.lora);
  const parameters = parameterCount(config);
  const trained =
    lora === undefined
      ? parameters
      : [...loraShapes(config, lora).values()].reduce((total, [rows, columns]) => total + rows * columns, 0);
  const { maxSteps, batchSize } = recipe.training;
  const sequences = maxSteps * batchSize;
  return {
    model: { directory, config, parameters, trained },
    train,
    heldOut,
    updates: {
      steps: maxSteps,
      tokens: Math.round((sequences * train.tokens) / train.sequences),
      epochs: sequences / train.sequences,
    },
  };
}

const thousands = (value: number) => value.toLocaleString('en-US');
const describe = ({ examples, sequences, tokens }: Amount) =>
  `${thousands(examples)} examples, ${thousands(sequences)} sequences, ${thousands(tokens)} tokens`;

/** What `dgpo validate` prints for people. */
export function renderSftCheck({ model, train, heldOut, updates }: SftCheck): string {
  const share = model.trained === model.parameters ? 'all trained' : `${thousands(model.trained)} trained, in adapters`;
  return [
    `model     ${model.config.modelType}, ${thousands(model.parameters)} parameters, ${share}`,
    `train     ${describe(train)}`,
    `held out  ${describe(heldOut)}`,
    `updates   ${updates.steps}, about ${thousands(updates.tokens)} tokens, ${updates.epochs.toFixed(2)} epochs`,
    '',
  ].join('\n');
}
