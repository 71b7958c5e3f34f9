import { ConfigError } from '@dgpo/trajectory';
import { type Command, Option } from 'commander';
import { createEmbeddingsEncoder } from '../encode/embeddings-encoder.js';
import { createTransformersEncoder } from '../encode/transformers-encoder.js';
import type { Encoder } from '../vector/encoder.js';
import { integerFrom } from './options.js';

const kinds = ['hashed', 'transformers', 'openai', 'tei'] as const;

/** What `--encoder` and its companions say. */
export interface EncoderFlags {
  encoder: (typeof kinds)[number];
  model?: string;
  dtype?: string;
  pooling?: 'mean' | 'cls';
  queryPrefix?: string;
  passagePrefix?: string;
  maxTokens?: number;
  encoderUrl?: string;
  encoderTokenEnv?: string;
  batchSize?: number;
}

/** Adds the options of an encoder to a command. */
export function encoderOptions(command: Command): void {
  command
    .addOption(
      new Option('--encoder <kind>', 'hashed needs no model; transformers runs one here; openai and tei ask a server')
        .choices(kinds)
        .default('hashed' as const),
    )
    .option('--model <name>', 'transformers: folder or hub name of the model; openai, tei: its name')
    .option('--dtype <type>', 'transformers: fp32, fp16, q8, q4, …')
    .addOption(new Option('--pooling <way>', 'transformers: how token vectors become one').choices(['mean', 'cls']))
    .option('--max-tokens <number>', 'transformers: tokens of a passage that are read', integerFrom(1))
    .option('--query-prefix <text>', 'put before every query (default: as the model was trained)')
    .option('--passage-prefix <text>', 'put before every passage (default: as the model was trained)')
    .option('--encoder-url <url>', 'openai, tei: address of the server')
    .option('--encoder-token-env <name>', 'openai, tei: environment variable that holds its key')
    .option('--batch-size <number>', 'passages encoded at once', integerFrom(1));
}

/**
 * The encoder that the options ask for, undefined for the embedded one, which is fitted to the passages later.
 * @throws ConfigError for options that are missing or have no effect.
 */
export async function chooseEncoder(
  flags: EncoderFlags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Encoder | undefined> {
  const { encoder, model, dtype, pooling, maxTokens, encoderUrl, encoderTokenEnv, ...given } = flags;
  const unfit = Object.entries({
    '--model': encoder === 'hashed' && model,
    '--dtype': encoder !== 'transformers' && dtype,
    '--pooling': encoder !== 'transformers' && pooling,
    '--max-tokens': encoder !== 'transformers' && maxTokens,
    '--encoder-url': encoder !== 'openai' && encoder !== 'tei' && encoderUrl,
    '--encoder-token-env': encoder !== 'openai' && encoder !== 'tei' && encoderTokenEnv,
    '--query-prefix': encoder === 'hashed' && given.queryPrefix,
    '--passage-prefix': encoder === 'hashed' && given.passagePrefix,
    '--batch-size': encoder === 'hashed' && given.batchSize,
  }).find(([, value]) => value !== undefined && value !== false);
  if (unfit !== undefined) throw new ConfigError(`${unfit[0]} has no effect with --encoder ${encoder}`);
  if (encoder === 'hashed') return undefined;
  const { queryPrefix, passagePrefix, batchSize } = given;
  const shared = {
    ...(queryPrefix !== undefined && { queryPrefix }),
    ...(passagePrefix !== undefined && { passagePrefix }),
    ...(batchSize !== undefined && { batchSize }),
  };
  if (model === undefined) throw new ConfigError(`--encoder ${encoder} needs --model`);
  if (encoder === 'transformers') {
    return createTransformersEncoder({
      model,
      ...shared,
      ...(dtype !== undefined && { dtype }),
      ...(pooling !== undefined && { pooling }),
      ...(maxTokens !== undefined && { maxTokens }),
    });
  }
  if (encoderUrl === undefined) throw new ConfigError(`--encoder ${encoder} needs --encoder-url`);
  return createEmbeddingsEncoder({
    url: encoderUrl,
    model,
    api: encoder,
    environment,
    ...shared,
    ...(encoderTokenEnv !== undefined && { tokenEnv: encoderTokenEnv }),
  });
}
