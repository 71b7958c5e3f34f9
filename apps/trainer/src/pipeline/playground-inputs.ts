import type { WebshopSettings } from '../compute/environment-settings.js';
import type { Playground } from '../train/play-episodes.js';

/** Files count by their hash, not by where they lie. */
function catalogueInputs({ catalogue }: WebshopSettings): unknown {
  if (!('directory' in catalogue)) return catalogue;
  const { directory, key = directory, seed } = catalogue;
  return { files: key, seed };
}

/** What a stage that plays episodes depends on besides models and questions. */
export function playgroundInputs({ environment: settings, retriever }: Playground): Record<string, unknown> {
  const environment = settings.kind === 'webshop' ? { ...settings, catalogue: catalogueInputs(settings) } : settings;
  if (retriever === undefined) return { environment };
  if ('url' in retriever) return { environment, retriever: retriever.url };
  const { directory, key = directory, shuffleSeed } = retriever;
  return { environment, retriever: key, shuffleSeed };
}
