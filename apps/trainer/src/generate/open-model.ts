import { basename, resolve } from 'node:path';
import {
  createDecoder,
  type Decoder,
  type Engine,
  type EngineName,
  loadModel,
  selectEngine,
  setParameters,
  type Tokenizer,
} from '@dgpo/lm';

/** Turns a conversation into the text that the model was trained on. */
export interface ChatRenderer {
  render(options: { messages: readonly { role: string; content: string }[]; addGenerationPrompt?: boolean }): string;
}

export interface OpenModelOptions {
  /** A model folder in Hugging Face layout. */
  model: string;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
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
 * Starts the engine and loads a model into it.
 *
 * @throws {ModelError} when the folder holds no model of a known kind
 * @throws {ConfigError} when the engine cannot start
 */
export async function openModel(options: OpenModelOptions): Promise<OpenModel> {
  const { model, engine: engineName, workingDirectory = process.cwd() } = options;
  const directory = resolve(workingDirectory, model);
  const { config, parameters, tokenizer } = await loadModel({ directory });
  const engine = await selectEngine(engineName === undefined ? {} : { engine: engineName });
  const decoder = createDecoder({ config });
  setParameters(decoder, parameters);
  return { name: basename(directory), engine, decoder, tokenizer, dispose: () => decoder.dispose() };
}
