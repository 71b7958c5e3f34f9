import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from '@dgpo/trajectory';

/** The part of `@huggingface/transformers` that is used here. */
export interface TransformersModule {
  AutoTokenizer: { from_pretrained(model: string, options: LoadOptions): Promise<TransformersTokenizer> };
  AutoModel: { from_pretrained(model: string, options: LoadOptions): Promise<TransformersModel> };
  AutoModelForSequenceClassification: {
    from_pretrained(model: string, options: LoadOptions): Promise<TransformersModel>;
  };
}
export interface LoadOptions {
  revision?: string;
  dtype?: string;
  device?: string;
  local_files_only?: boolean;
}
export interface TransformersTensor {
  dims: readonly number[];
  data: ArrayLike<number | bigint>;
  to(type: 'float32'): TransformersTensor;
}
export interface TokenizedTexts {
  attention_mask: TransformersTensor;
}
export interface TransformersTokenizer {
  (
    texts: string[],
    options: { padding: boolean; truncation: boolean; max_length: number; text_pair?: string[] },
  ): TokenizedTexts;
  model_max_length?: number;
}
export interface TransformersModel {
  (inputs: TokenizedTexts): Promise<Record<string, TransformersTensor>>;
  config?: { _name_or_path?: string };
  dispose(): Promise<unknown>;
}

/** Where a model comes from. */
export interface ModelSource {
  /** A folder (`config.json`, `tokenizer.json`, `onnx/model.onnx`), or a name on https://huggingface.co. */
  model: string;
  /**
   * Branch, tag or, so that the model stays the same, commit on the hub.
   * @default 'main'
   */
  revision?: string;
  /**
   * Number format of the weights, which names the ONNX file: `fp32`, `fp16`, `q8`, `int8`, `uint8`, `q4`, `q4f16`, `bnb4`.
   * @default 'fp32'
   */
  dtype?: string;
  /**
   * Where the model runs: `cpu`, `cuda`, `webgpu`, … as onnxruntime-node offers them.
   * @default 'cpu'
   */
  device?: string;
}

/** Test seam of everything that loads models. */
export interface TransformersSeam {
  importTransformers: () => Promise<TransformersModule>;
}

// A name that TypeScript and bundlers do not follow: the package builds without this optional peer.
const moduleName: string = '@huggingface/transformers';

/** @throws ConfigError that says what to install when `@huggingface/transformers` is not there. */
export async function importTransformers(seam: TransformersSeam | undefined): Promise<TransformersModule> {
  try {
    return await (seam?.importTransformers() ?? (import(moduleName) as Promise<TransformersModule>));
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new ConfigError(
      `models run on @huggingface/transformers, an optional peer that does not load here (${reason}); install it with: npm install @huggingface/transformers`,
      { cause },
    );
  }
}

const isDirectory = (path: string) =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

/** The absolute path of a model that is a folder here, else null: then it is a name on the hub. */
export async function findModelFolder(model: string): Promise<string | null> {
  const folder = resolve(model);
  return (await isDirectory(folder)) ? folder : null;
}

/**
 * Loads tokenizer and model of a source.
 * @throws ConfigError when they cannot be had.
 */
export async function loadModel({
  source: { model, revision = 'main', dtype = 'fp32', device = 'cpu' },
  kind,
  seam,
}: {
  source: ModelSource;
  kind: 'AutoModel' | 'AutoModelForSequenceClassification';
  seam: TransformersSeam | undefined;
}): Promise<{ tokenizer: TransformersTokenizer; network: TransformersModel; folder: string | null }> {
  const transformers = await importTransformers(seam);
  const folder = await findModelFolder(model);
  if (folder === null && (model.startsWith('.') || model.startsWith('/'))) {
    throw new ConfigError('there is no such folder of a model', { where: model });
  }
  const place = folder === null ? { revision } : { local_files_only: true };
  try {
    const [tokenizer, network] = await Promise.all([
      transformers.AutoTokenizer.from_pretrained(folder ?? model, place),
      transformers[kind].from_pretrained(folder ?? model, { ...place, dtype, device }),
    ]);
    return { tokenizer, network, folder };
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    const needs = 'a model needs config.json, tokenizer.json and its weights as ONNX below onnx/';
    throw new ConfigError(`this model does not load (${reason}); ${needs}`, { where: model, cause });
  }
}
