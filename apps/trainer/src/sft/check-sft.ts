import {
  type DecoderConfig,
  type EngineName,
  estimateModelMemory,
  loadChatTemplate,
  loadTokenizer,
  loraShapes,
  type ModelMemory,
  parameterCount,
  requireMemory,
  resolveModel,
} from '@dgpo/lm';
import { readModelConfig } from '../estimate/model-config.js';
import { loraOptions } from '../recipe/lora-options.js';
import { exampleRows } from './example-rows.js';
import { readSftData, type SftData } from './hold-out.js';
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
  /** Of one worker. */
  memory: ModelMemory;
  engine: EngineName;
  /** Tokens of all updates, roughly. */
  updates: { steps: number; tokens: number; epochs: number };
}

/** Sequences of full length that weigh as much as the largest micro-batch: as its budget of tokens, where it has one. */
function longestRows({ training, data }: SftRecipe): number {
  const { microBatchSize, maxTokensPerMicroBatch = Number.POSITIVE_INFINITY } = training;
  return Math.min(microBatchSize, Math.ceil(maxTokensPerMicroBatch / data.maxLength));
}

/** What the memory of a training depends on. */
export function sftMemoryOptions(recipe: SftRecipe, config: DecoderConfig, engine: EngineName) {
  const lora = loraOptions(recipe.lora);
  return {
    config,
    engine,
    mode: lora === undefined ? ('full' as const) : ('lora' as const),
    batchSize: longestRows(recipe),
    sequenceLength: recipe.data.maxLength,
    gradientCheckpointing: recipe.training.gradientCheckpointing,
    ...(lora === undefined ? {} : { lora }),
  };
}

/** What the recipe calls what could be lowered. */
export const sftMemoryNames = { batchSize: 'training.microBatchSize', sequenceLength: 'data.maxLength' };

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
 * @throws {ConfigError} for a training that does not fit into the memory of the engine
 */
export async function checkSft(options: { recipe: SftRecipe; engine: EngineName }): Promise<SftCheck> {
  const { recipe } = options;
  const engine = recipe.engine === 'auto' ? options.engine : recipe.engine;
  const directory = await resolveModel({ model: recipe.model, offline: true });
  const config = await readModelConfig(directory);
  const memoryOptions = sftMemoryOptions(recipe, config, engine);
  requireMemory({ ...memoryOptions, where: recipe.model, names: sftMemoryNames });
  const tokenizer = await loadTokenizer(directory);
  const chatTemplate = await loadChatTemplate(directory);
  const data = await readSftData(recipe);
  const { maxLength, packing } = recipe.data;
  const shared = { tokenizer, chatTemplate, maxLength };
  const train = amountOf(data.train, exampleRows({ examples: data.train, packing, ...shared }));
  const heldOut = amountOf(data.test, exampleRows({ examples: data.test, ...shared }));
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
    memory: estimateModelMemory(memoryOptions),
    engine,
    updates: {
      steps: maxSteps,
      tokens: Math.round((sequences * train.tokens) / train.sequences),
      epochs: sequences / train.sequences,
    },
  };
}

const gibibytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
const thousands = (value: number) => value.toLocaleString('en-US');
const describe = ({ examples, sequences, tokens }: Amount) =>
  `${thousands(examples)} examples, ${thousands(sequences)} sequences, ${thousands(tokens)} tokens`;

/** What `dgpo validate` prints for people. */
export function renderSftCheck({ model, train, heldOut, updates, memory, engine }: SftCheck): string {
  const share = model.trained === model.parameters ? 'all trained' : `${thousands(model.trained)} trained, in adapters`;
  return [
    `model     ${model.config.modelType}, ${thousands(model.parameters)} parameters, ${share}`,
    `train     ${describe(train)}`,
    `held out  ${describe(heldOut)}`,
    `memory    ${gibibytes(memory.heap)} in each worker, ${gibibytes(memory.optimizer)} for the optimizer, engine ${engine}`,
    `updates   ${updates.steps}, about ${thousands(updates.tokens)} tokens, ${updates.epochs.toFixed(2)} epochs`,
    '',
  ].join('\n');
}
