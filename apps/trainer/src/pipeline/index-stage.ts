import { join } from 'node:path';
import { buildIndex, loadRetriever, readCorpus } from '@dgpo/retriever';
import type { RetrieverSource } from '../compute/environment-settings.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { runStage } from '../run/run-stage.js';
import { hashFile } from '../run/stable-hash.js';
import type { Workshop } from './workshop.js';

/** The index over a corpus, or the address of a server. */
export async function indexStage(options: {
  workshop: {
    run: Pick<Workshop['run'], 'path'>;
    reporter: Pick<Workshop['reporter'], 'stage' | 'line'>;
    signal: AbortSignal | undefined;
  };
  corpus: string;
  retriever: Recipe['retriever'];
}): Promise<RetrieverSource> {
  const { workshop, corpus, retriever } = options;
  const { kind, k1, b } = retriever;
  if (kind === 'server') return { url: retriever.url ?? '' };
  if (kind === 'index') {
    const directory = retriever.path ?? '';
    const opened = await loadRetriever({ directory });
    workshop.reporter.stage('index', `${opened.kind} in ${directory}, ${opened.documents} passages`);
    await opened.close();
    return { directory, key: opened.fingerprint };
  }
  const inputs = { corpus: await hashFile(corpus), kind, k1, b };
  const { directory, key, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name: 'index',
    inputs,
    run: async ({ directory: target }) => {
      workshop.reporter.stage('index', `${kind} over ${corpus}`);
      const { documents } = await buildIndex({
        documents: readCorpus({ path: corpus }),
        directory: join(target, 'index'),
        kind,
        bm25: { k1, b },
        logger: (line: string) => workshop.reporter.line(line),
        ...(workshop.signal === undefined ? {} : { signal: workshop.signal }),
      }).catch((error: unknown) => {
        // An interrupt comes back as the cause of a failed write.
        workshop.signal?.throwIfAborted();
        throw error;
      });
      return { passages: documents };
    },
  });
  if (skipped) workshop.reporter.stage('index', 'already there');
  return { directory: join(directory, 'index'), key };
}
