import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import {
  type Decoder,
  type Engine,
  type EngineName,
  loadDecoder,
  readDecoderConfig,
  requireMemory,
  selectEngine,
  type Tokenizer,
} from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';

/** Turns a conversation into the text that the model was trained on. */
export interface ChatRenderer {
  render(options: { messages: readonly { role: string; content: string }[]; addGenerationPrompt?: boolean }): string;
}

export interface OpenModelOptions {
  /** A model folder in Hugging Face layout, or a `.gguf` file. */
  model: string;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
  /** Sequences that will be sampled side by side. @default 1 */
  sequences?: number;
  /** Tokens of each, at most what the model reads. @default 512 */
  contextTokens?: number;
  /** Relative paths start here. @default the working directory of the process */
  workingDirectory?: string;
}

/** A model ready to sample and to score. */
export interface OpenModel {
  /** Last part of its path. */
  name: string;
  engine: Engine;
  decoder: Decoder;
  tokenizer: Tokenizer;
  /** Undefined for a model that was not trained on conversations. */
  chatTemplate?: ChatRenderer;
  dispose(): void;
}

/**
 * Starts the engine and loads a model into it. What does not fit is refused before its weights are read.
 *
 * @throws {ModelError} when there is no model of a known kind
 * @throws {ConfigError} when there is nothing at the path, the engine cannot start, or the model does not fit
 */
export async function openModel(options: OpenModelOptions): Promise<OpenModel> {
  const { model, engine: engineName, workingDirectory = process.cwd(), sequences = 1, contextTokens = 512 } = options;
  const path = resolve(workingDirectory, model);
  if (!existsSync(path)) {
    throw new ConfigError('there is no such model; give a folder in Hugging Face layout or a .gguf file', {
      where: path,
    });
  }
  const config = await readDecoderConfig(path);
  const engine = await selectEngine(engineName === undefined ? {} : { engine: engineName });
  requireMemory({
    config,
    engine: engine.name,
    mode: 'sample',
    batchSize: sequences,
    sequenceLength: Math.min(contextTokens, config.maxPositionEmbeddings),
    where: path,
  });
  const { decoder, tokenizer } = await loadDecoder({ directory: path });
  return { name: basename(path), engine, decoder, tokenizer, dispose: () => decoder.dispose() };
}
