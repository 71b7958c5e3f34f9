import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import {
  type ChatTemplate,
  createChatTemplate,
  type Decoder,
  type Engine,
  type EngineName,
  loadChatTemplate,
  loadDecoder,
  openGguf,
  type ResolveModelOptions,
  readDecoderConfig,
  requireMemory,
  resolveModel,
  selectEngine,
  type Tokenizer,
  tokenizerFolder,
} from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';

export interface OpenModelOptions {
  /** A model folder in Hugging Face layout, a folder of adapters, a `.gguf` file, or `org/name` or `org/name@revision` on the Hugging Face hub. */
  model: string;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
  /** Sequences that will be sampled side by side. @default 1 */
  sequences?: number;
  /** Tokens of each, at most what the model reads. @default 512 */
  contextTokens?: number;
  /** What the two are called in an error. */
  names?: { batchSize: string; sequenceLength: string };
  /** Ends a download. */
  signal?: AbortSignal;
  /** Told how far a download is. */
  onProgress?: ResolveModelOptions['onProgress'];
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
  chatTemplate?: ChatTemplate;
  dispose(): void;
}

/** The template that a `.gguf` file carries. */
async function ggufChatTemplate(path: string, tokenizer: Tokenizer): Promise<ChatTemplate | undefined> {
  const file = await openGguf(path);
  try {
    const source = file.metadata.get('tokenizer.chat_template');
    if (typeof source !== 'string') return undefined;
    const tokens: Record<string, string> = {};
    for (const name of ['bos', 'eos']) {
      const id = file.metadata.get(`tokenizer.ggml.${name}_token_id`);
      if (typeof id === 'number') tokens[`${name}_token`] = tokenizer.decode([id]);
    }
    return createChatTemplate({ source, tokens, where: path });
  } finally {
    await file.close();
  }
}

/**
 * Starts the engine and loads a model into it. What does not fit is refused before its weights are read.
 *
 * @throws {ModelError} when there is no model of a known kind, here or on the hub
 * @throws {ConfigError} when the engine cannot start, the model does not fit, or a path leads nowhere
 */
export async function openModel(options: OpenModelOptions): Promise<OpenModel> {
  const { model, engine: engineName, workingDirectory = process.cwd(), sequences = 1, contextTokens = 512 } = options;
  const local = resolve(workingDirectory, model);
  if (!existsSync(local) && !/^[\w.-]+\/[\w.-]+(@[\w./-]+)?$/.test(model)) {
    throw new ConfigError('there is no such model; give a folder, a .gguf file, or org/name of the Hugging Face hub', {
      where: local,
    });
  }
  const { signal, onProgress } = options;
  const path = await resolveModel({
    model: existsSync(local) ? local : model,
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const config = await readDecoderConfig(path);
  const engine = await selectEngine(engineName === undefined ? {} : { engine: engineName });
  requireMemory({
    config,
    engine: engine.name,
    mode: 'sample',
    batchSize: sequences,
    sequenceLength: Math.min(contextTokens, config.maxPositionEmbeddings),
    where: path,
    ...(options.names === undefined ? {} : { names: options.names }),
  });
  const { decoder, tokenizer } = await loadDecoder({ directory: path });
  const folder = await tokenizerFolder(path);
  const chatTemplate = folder.endsWith('.gguf')
    ? await ggufChatTemplate(folder, tokenizer)
    : await loadChatTemplate(folder);
  return {
    // A folder of the hub's cache is named after its commit.
    name: existsSync(local) ? basename(local) : model,
    engine,
    decoder,
    tokenizer,
    ...(chatTemplate === undefined ? {} : { chatTemplate }),
    dispose: () => decoder.dispose(),
  };
}
