import { ConfigError } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { fingerprintIndex } from '../corpus/fingerprint.js';
import { createCrossEncoder } from '../rerank/cross-encoder.js';
import { createRerankClient } from '../rerank/rerank-client.js';
import type { Reranker } from '../rerank/reranker.js';
import { createRerankingRetriever } from '../rerank/reranking-retriever.js';
import type { OpenedRetriever } from './open-retriever.js';
import { integerFrom } from './options.js';

/** What `--rerank` and its companions say. */
export interface RerankFlags {
  rerank?: string;
  rerankModel?: string;
  rerankCandidates?: number;
}

/** Adds the options of a reranker to a command. */
export function rerankOptions(command: Command): void {
  command
    .option('--rerank <url>', 'server that scores passages: Search-R1 or this one; opens POST /rerank')
    .option('--rerank-model <name>', 'cross-encoder that scores passages here (folder or hub name); opens POST /rerank')
    .option('--rerank-candidates <number>', 'rerank so many passages of every search too', integerFrom(1));
}

/** The reranker that the options ask for. @throws ConfigError for options that exclude each other or lack one. */
export async function chooseReranker(
  { rerank, rerankModel, rerankCandidates }: RerankFlags,
  timeout: number,
): Promise<Reranker | undefined> {
  if (rerank !== undefined && rerankModel !== undefined) {
    throw new ConfigError('--rerank names a server and --rerank-model a model here; give one of them');
  }
  if (rerank !== undefined) return createRerankClient({ url: rerank, timeout });
  if (rerankModel !== undefined) return createCrossEncoder({ model: rerankModel });
  if (rerankCandidates !== undefined) {
    throw new ConfigError('--rerank-candidates needs --rerank URL or --rerank-model NAME');
  }
  return undefined;
}

/** The retriever with its searches reranked, where the options ask for it. */
export function withReranking(
  retriever: OpenedRetriever,
  { reranker, flags }: { reranker: Reranker | undefined; flags: RerankFlags },
): OpenedRetriever {
  const { rerank, rerankModel, rerankCandidates: candidates } = flags;
  if (reranker === undefined || candidates === undefined) return retriever;
  const { fingerprint: corpus } = retriever;
  const settings = { reranker: rerank ?? rerankModel, candidates };
  return {
    ...retriever,
    ...createRerankingRetriever({ retriever, reranker, candidates }),
    ...(corpus !== undefined && { fingerprint: fingerprintIndex({ corpus, settings }) }),
  };
}
