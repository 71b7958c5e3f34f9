import { endianness } from 'node:os';
import type { Encoder } from '../vector/encoder.js';
import { words } from '../words.js';
import { type BatchQueue, createBatchQueue } from './batch-queue.js';
import { RequestError } from './request-error.js';
import { embeddingsRequestSchema, parseRequest } from './request-schemas.js';
import { requireTexts, type ServerLimits } from './server-limits.js';

type EmbeddingsQueue = BatchQueue<string, Float32Array>;

/** Texts of concurrent requests are encoded in one batch. */
export const createEmbeddingsQueue = (encoder: Encoder, maxBatch: number): EmbeddingsQueue =>
  createBatchQueue<string, Float32Array>({
    maxBatch,
    wait: 0,
    answer: async ({ inputs, group, signal }) =>
      encoder.encode(inputs, group === 'query' ? 'query' : 'passage', signal),
  });

/** The vector as base64 of little-endian float32, as OpenAI encodes it. */
function toBase64(vector: Float32Array): string {
  const bytes = Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
  return (endianness() === 'LE' ? bytes : Buffer.from(bytes).swap32()).toString('base64');
}

/**
 * Answers the body of a `/v1/embeddings` request in OpenAI's shape. `input_type` (`query` or `passage`, the default) is for encoders
 * that treat the two differently. `usage` counts words, for not every encoder has tokens.
 * @throws RequestError for a request that does not fit.
 */
export async function answerEmbeddings({
  body,
  encoder,
  queue,
  limits,
  signal,
}: {
  body: string;
  encoder: Encoder;
  queue: EmbeddingsQueue;
  limits: Required<ServerLimits>;
  signal: AbortSignal;
}) {
  const request = parseRequest(embeddingsRequestSchema, body);
  const texts = typeof request.input === 'string' ? [request.input] : request.input;
  requireTexts({ field: 'input', texts, limits });
  if (typeof request.dimensions === 'number' && request.dimensions !== encoder.dimension) {
    throw new RequestError(400, `dimensions: this encoder has ${encoder.dimension}`);
  }
  const group = request.input_type ?? 'passage';
  const vectors = texts.length === 0 ? [] : await queue.submit({ inputs: texts, group, signal });
  const tokens = texts.reduce((sum, text) => sum + words(text).length, 0);
  return {
    object: 'list' as const,
    data: vectors.map((vector, index) => ({
      object: 'embedding' as const,
      index,
      embedding: request.encoding_format === 'base64' ? toBase64(vector) : Array.from(vector),
    })),
    model: request.model ?? String(encoder.settings.model ?? encoder.settings.kind ?? 'encoder'),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
}
