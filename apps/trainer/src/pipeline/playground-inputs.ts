import type { Playground } from '../train/play-episodes.js';

/** What a stage that plays episodes depends on besides models and questions. */
export function playgroundInputs({ environment, retriever }: Playground): Record<string, unknown> {
  if (retriever === undefined) return { environment };
  if ('url' in retriever) return { environment, retriever: retriever.url };
  const { directory, key = directory, shuffleSeed } = retriever;
  return { environment, retriever: key, shuffleSeed };
}
