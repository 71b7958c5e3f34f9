import { ConfigError } from '@dgpo/trajectory';
import { RequestError } from './request-error.js';

/** What a server refuses and how long it works; all have defaults in {@link createRetrieverServer}. */
export interface ServerLimits {
  /**
   * The largest `topk` a request may ask for.
   * @default 1000
   */
  maxTopK?: number;
  /**
   * The most queries (texts of `/v1/embeddings`) of one request.
   * @default 4096
   */
  maxQueries?: number;
  /**
   * The longest query (text of `/v1/embeddings`), in UTF-16 code units.
   * @default 32768
   */
  maxQueryLength?: number;
  /**
   * The most pairs of query and document of one `/rerank` request.
   * @default 16384
   */
  maxPairs?: number;
  /**
   * The largest body of a request, in bytes.
   * @default 8388608
   */
  maxBodyBytes?: number;
  /**
   * The most requests taken and not answered yet; the next is refused with 429. Bodies take at most `maxQueue * maxBodyBytes` of memory.
   * @default 1024
   */
  maxQueue?: number;
  /**
   * The most queries of several requests that the retriever is given at once.
   * @default 512
   */
  maxBatchQueries?: number;
  /**
   * How long one request may take, waiting included, in milliseconds; then it is answered with 503.
   * @default 30000
   */
  timeout?: number;
}

/** The limits with defaults filled in. @throws ConfigError for one that is not an integer of at least 1. */
export function requireLimits({
  maxTopK = 1000,
  maxQueries = 4096,
  maxQueryLength = 32_768,
  maxPairs = 16_384,
  maxBodyBytes = 8 << 20,
  maxQueue = 1024,
  maxBatchQueries = 512,
  timeout = 30_000,
}: ServerLimits): Required<ServerLimits> {
  const limits = { maxTopK, maxQueries, maxQueryLength, maxPairs, maxBodyBytes, maxQueue, maxBatchQueries, timeout };
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isInteger(value) || value < 1) {
      throw new ConfigError(`${name} must be an integer of at least 1, not ${value}`);
    }
  }
  return limits;
}

/** @throws RequestError 413 for too many texts, and for one that is too long. */
export function requireTexts({
  field,
  texts,
  limits: { maxQueries, maxQueryLength },
}: {
  /** Named in the message. */
  field: string;
  texts: readonly string[];
  limits: Pick<Required<ServerLimits>, 'maxQueries' | 'maxQueryLength'>;
}): void {
  if (texts.length > maxQueries) {
    const message = `${field}: ${texts.length} are more than the ${maxQueries} this server takes at once; send smaller batches`;
    throw new RequestError(413, message);
  }
  const long = texts.findIndex((text) => text.length > maxQueryLength);
  if (long !== -1) {
    throw new RequestError(413, `${field}.${long}: longer than the ${maxQueryLength} characters this server takes`);
  }
}

/** @throws RequestError 400 for a number of passages that the server does not allow. */
export function requireAllowedTopK({ field, topK, maxTopK }: { field: string; topK: number; maxTopK: number }): void {
  if (topK > maxTopK) {
    throw new RequestError(400, `${field}: ${topK} is more than the ${maxTopK} this server allows`);
  }
}
