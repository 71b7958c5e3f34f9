import type { DecoderConfig } from './decoder-config.js';
import { parameterCount } from './parameter-shapes.js';

/** What a model card says beyond the sizes of the model. */
export interface ModelCard {
  /** The model that this one was made of, such as `Qwen/Qwen2.5-0.5B-Instruct`. */
  baseModel?: string;
  /** SPDX identifier in lower case as on the hub, such as `apache-2.0`. */
  license?: string;
  /** Facts of the run: a table of names and values. */
  facts?: Readonly<Record<string, string | number | boolean>>;
}

const cell = (value: unknown) => String(value).replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();

/** A string of YAML, which JSON strings are. */
const yaml = (value: string) => JSON.stringify(value);

/** `README.md` of a model folder, with the front matter that the hub reads. */
export function modelCard(options: { config: DecoderConfig; dtype: string; card: ModelCard }): string {
  const { config, dtype, card } = options;
  const { baseModel, license, facts = {} } = card;
  const title = baseModel === undefined ? 'A language model' : `From ${cell(baseModel)}`;
  const rows = {
    'model type': config.modelType,
    parameters: parameterCount(config),
    layers: config.numHiddenLayers,
    width: config.hiddenSize,
    vocabulary: config.vocabularySize,
    context: config.maxPositionEmbeddings,
    weights: dtype,
    ...facts,
  };
  return [
    '---',
    ...(license === undefined ? [] : [`license: ${yaml(license)}`]),
    'library_name: transformers',
    'pipeline_tag: text-generation',
    ...(baseModel === undefined ? [] : [`base_model: ${yaml(baseModel)}`]),
    '---',
    `# ${title}`,
    '',
    'Written by [@dgpo/lm](https://www.npmjs.com/package/@dgpo/lm) in the layout of Hugging Face: `AutoModelForCausalLM` of',
    'transformers loads this folder.',
    '',
    '| | |',
    '|---|---|',
    ...Object.entries(rows).map(([name, value]) => `| ${cell(name)} | ${cell(value)} |`),
    '',
  ].join('\n');
}
