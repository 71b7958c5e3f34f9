import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addHints, createHintRetriever, loadHintStore } from '@dgpo/distill/hints';
import { openJsonLinesWriter, readJsonLines, type Task } from '@dgpo/trajectory';
import { z } from 'zod';
import type { HouseholdSettings, WebshopSettings } from '../compute/environment-settings.js';
import { playgroundInputs } from '../pipeline/playground-inputs.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { HintSettings } from '../recipe/hints-section.js';
import { runStage } from '../run/run-stage.js';
import type { Playground } from '../train/play-episodes.js';
import { openFirstSight } from './first-sight.js';
import { hintMethodOf, serverInputs } from './hint-models.js';
import type { StoredHints } from './hint-stage.js';

const lineSchema = z.strictObject({
  id: z.string(),
  category: z.string().nullable(),
  hints: z.array(z.string()),
  tokens: z.number(),
});

type Line = z.output<typeof lineSchema>;

/** Tasks that carry their hints. */
export interface HintedTasks {
  tasks: Task[];
  key: string;
  /** Tokens that a model took to choose the hints of a task, by its id; empty where none did. */
  tokens: ReadonlyMap<string, number>;
}

export interface RetrievalStageOptions {
  workshop: Pick<Workshop, 'run' | 'reporter' | 'signal'>;
  /** Of the stage. */
  name: string;
  playground: Playground;
  world: HouseholdSettings | WebshopSettings;
  /** Made of training tasks alone. */
  stored: Pick<StoredHints, 'path' | 'key'>;
  settings: HintSettings;
  tasks: readonly Task[];
}

async function readLines(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readJsonLines(path, { schema: lineSchema })) lines.push(line);
  return lines;
}

/** Retrieves for the tasks that the file does not have yet. */
async function retrieveInto(path: string, options: RetrievalStageOptions): Promise<void> {
  const { workshop, name, world, stored, settings, tasks } = options;
  const { reporter, signal } = workshop;
  const retrieve = createHintRetriever({
    store: await loadHintStore(stored.path),
    k: settings.k,
    method: hintMethodOf(settings),
    pad: settings.pad,
  });
  const existed = existsSync(path);
  const writer = await openJsonLinesWriter({ path, append: true });
  const sight = await openFirstSight(world);
  try {
    const known = existed ? (await readLines(path)).length : 0;
    for (const [index, task] of tasks.entries()) {
      if (index < known) continue;
      signal?.throwIfAborted();
      const { observation } = sight.read(task);
      const found = await retrieve({ task, observation, ...(signal === undefined ? {} : { signal }) });
      await writer.write({ id: task.id, ...found } satisfies Line);
      reporter.progress({ label: name, done: index + 1, total: tasks.length });
    }
  } catch (error) {
    // An interrupt may come back as the cause of a request that failed.
    signal?.throwIfAborted();
    throw error;
  } finally {
    await sight.close();
    await writer.close();
  }
}

/**
 * Retrieves the hints of tasks, once, by the task and what is seen first, into `hints.jsonl`. An interrupted retrieval goes on where it
 * stopped.
 *
 * @throws ModelError when the model that chooses does not answer
 */
export async function retrievalStage(options: RetrievalStageOptions): Promise<HintedTasks> {
  const { workshop, name, playground, stored, settings, tasks } = options;
  const { k, pad, retrieval } = settings;
  const file = 'hints.jsonl';
  const { directory, key } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: {
      ...{ stored: stored.key, tasks, k, pad, retrieval, ...playgroundInputs(playground) },
      ...(retrieval === 'server' ? serverInputs(settings) : {}),
    },
    run: async ({ directory: target }) => {
      await retrieveInto(join(target, file), options);
      return null;
    },
  });
  const lines = await readLines(join(directory, file));
  return {
    tasks: tasks.map((task, index) => addHints({ task, hints: lines[index]?.hints ?? [] })),
    key,
    tokens: new Map(lines.flatMap(({ id, tokens }) => (tokens === 0 ? [] : [[id, tokens]]))),
  };
}
