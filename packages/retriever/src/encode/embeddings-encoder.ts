import { ConfigError, RetrieverError } from '@dgpo/trajectory';
import { z } from 'zod';
import { createPost, type PostOptions, resolveRoute } from '../http/post-json.js';
import { requireInteger } from '../require-integer.js';
import type { Encoder } from '../vector/encoder.js';
import { parseEmbeddings } from './embeddings-reply.js';
import { recognizeFamily } from './model-families.js';
import { normalizeVector } from './pool-tokens.js';

export interface EmbeddingsEncoderOptions extends PostOptions {
  /** The server, with or without its route: `https://api.openai.com/v1`, `http://127.0.0.1:8080`. */
  url: string;
  /** The model's name: sent to `openai` servers, and what prefixes are chosen by. */
  model: string;
  /**
   * `openai` is `POST /v1/embeddings` (vLLM, Ollama, LM Studio, llama.cpp and hosted services), `tei` is `POST /embed` of Text
   * Embeddings Inference.
   * @default 'openai'
   */
  api?: 'openai' | 'tei';
  /**
   * How `openai` servers send numbers; `base64` is a third of the size. Either is understood.
   * @default 'float'
   */
  encoding?: 'float' | 'base64';
  /**
   * Length of the vectors; another length is an error.
   * @default that of a first request
   */
  dimension?: number;
  /**
   * Texts of one request; Text Embeddings Inference takes 32 unless it is told otherwise.
   * @default 32
   */
  batchSize?: number;
  /** @default that of the model's family */
  queryPrefix?: string;
  /** @default that of the model's family */
  passagePrefix?: string;
  /**
   * Whether vectors are scaled to length 1.
   * @default true
   */
  normalize?: boolean;
}

const settingsSchema = z.object({
  kind: z.literal('embeddings'),
  url: z.string(),
  model: z.string(),
  api: z.enum(['openai', 'tei']),
  encoding: z.enum(['float', 'base64']),
  tokenEnv: z.string().nullable(),
  dimension: z.number(),
  queryPrefix: z.string(),
  passagePrefix: z.string(),
  normalize: z.boolean(),
});

/**
 * An encoder that asks an embeddings server. The settings name the variable of the key, never the key.
 * @throws ConfigError for a bad URL or option. It and `encode` throw RetrieverError naming the URL when the server stays unreachable,
 * refuses or answers something else than one finite vector of the right length for each text.
 */
export async function createEmbeddingsEncoder({
  url: urlText,
  model,
  api = 'openai',
  encoding = 'float',
  dimension: expected,
  batchSize = 32,
  normalize = true,
  queryPrefix = recognizeFamily([model]).queryPrefix,
  passagePrefix = recognizeFamily([model]).passagePrefix,
  ...postOptions
}: EmbeddingsEncoderOptions): Promise<Encoder> {
  requireInteger('batchSize', batchSize, 1);
  if (expected !== undefined) requireInteger('dimension', expected, 1);
  const url = resolveRoute(urlText, api === 'openai' ? '/v1/embeddings' : '/embed');
  const post = createPost(url, postOptions);

  async function request(texts: string[], dimension: number | undefined, signal?: AbortSignal) {
    const body =
      api === 'openai'
        ? { model, input: texts, encoding_format: encoding }
        : { inputs: texts, truncate: true, normalize };
    const reply = await post(body, signal);
    try {
      const vectors = parseEmbeddings(reply, { api, count: texts.length, dimension });
      return normalize ? vectors.map(normalizeVector) : vectors;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new RetrieverError(`bad reply: ${reason}`, { where: url, cause });
    }
  }

  const dimension = expected ?? (await request(['a'], undefined))[0]?.length ?? 0;
  const settings: z.infer<typeof settingsSchema> = {
    ...{ kind: 'embeddings', url, model, api, encoding, tokenEnv: postOptions.tokenEnv ?? null },
    ...{ dimension, queryPrefix, passagePrefix, normalize },
  };
  return {
    dimension,
    settings,
    async encode(texts, role = 'passage', signal) {
      const prefix = role === 'query' ? queryPrefix : passagePrefix;
      const vectors: Float32Array[] = [];
      for (let start = 0; start < texts.length; start += batchSize) {
        const batch = texts.slice(start, start + batchSize).map((text) => prefix + text);
        vectors.push(...(await request(batch, dimension, signal)));
      }
      return vectors;
    },
    // The model stays where it is: an index names its server.
    save: () => Promise.resolve(),
  };
}

/**
 * Restores an encoder from its settings. `DGPO_ENCODER_URL` of the environment names the server where it has moved, and must be set where a
 * key is sent: an index may come from anybody, and it names both the server and the variable.
 * @throws ConfigError when a key is to be sent and the environment does not name the server, or holds no key.
 */
export async function openEmbeddingsEncoder({
  settings,
  environment,
  ...options
}: { settings: unknown } & Required<Pick<PostOptions, 'environment'>> &
  Pick<PostOptions, 'fetch' | '_internal'>): Promise<Encoder> {
  const { kind: _, tokenEnv, url, ...stored } = settingsSchema.parse(settings);
  const named = environment.DGPO_ENCODER_URL;
  if (tokenEnv !== null && !named) {
    throw new ConfigError(
      `this index asks to send the key in ${tokenEnv} to its embeddings server; if you trust that server, set DGPO_ENCODER_URL=${url}`,
      { where: url },
    );
  }
  return createEmbeddingsEncoder({
    ...stored,
    ...options,
    url: named || url,
    environment,
    ...(tokenEnv !== null && { tokenEnv }),
  });
}
