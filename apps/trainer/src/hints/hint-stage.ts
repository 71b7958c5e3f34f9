import { join } from 'node:path';
import { collectHints, createHintStore, saveHintStore } from '@dgpo/distill/hints';
import { ConfigError } from '@dgpo/trajectory';
import { readCollected } from '../pipeline/collect-episodes.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { HintSettings } from '../recipe/hints-section.js';
import { runStage } from '../run/run-stage.js';
import { hintWriterOf, serverInputs } from './hint-models.js';
import type { Rollouts } from './rollouts-stage.js';

/** The hints of a run, and where they come from. */
export interface StoredHints {
  /** Of the store, as `loadHintStore` reads it. */
  path: string;
  key: string;
  /** Failed episodes that were looked at. */
  failures: number;
  /** Different hints, over all families. */
  hints: number;
}

export interface HintStageOptions {
  workshop: Pick<Workshop, 'run' | 'reporter' | 'signal'>;
  /** Of the stage. */
  name: string;
  rollouts: Pick<Rollouts, 'path' | 'key'>;
  settings: HintSettings;
}

/** What decides about the hints of an episode. */
function writerInputs(settings: HintSettings) {
  const { writer, maxHints, repeats } = settings;
  return writer === 'rules' ? { writer, maxHints, repeats } : { writer, maxHints, ...serverInputs(settings) };
}

/**
 * Hints from the failures among episodes: `records.jsonl`, one line an episode, and `store.json`, the different ones by family. What is
 * written already is not asked for again after an interrupt.
 *
 * @throws ConfigError when there are failures and no hint; ModelError when the model that writes them does not answer
 */
export async function hintStage(options: HintStageOptions): Promise<StoredHints> {
  const { workshop, name, rollouts, settings } = options;
  const { similarity, threshold } = settings;
  const { reporter, signal } = workshop;
  const file = 'store.json';
  const { directory, key, output, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: { rollouts: rollouts.key, ...writerInputs(settings), similarity, threshold },
    run: async ({ directory: target }) => {
      reporter.stage(name, settings.writer === 'rules' ? 'by rules' : `by ${settings.name}`);
      const records = await collectHints({
        writer: hintWriterOf(settings),
        trajectories: readCollected(rollouts.path),
        path: join(target, 'records.jsonl'),
        ...(signal === undefined ? {} : { signal }),
      }).catch((error: unknown) => {
        // An interrupt may come back as the cause of a request that failed.
        signal?.throwIfAborted();
        throw error;
      });
      const store = createHintStore({ records, similarity, threshold });
      await saveHintStore(join(target, file), store);
      return {
        failures: records.length,
        found: records.reduce((sum, { hints }) => sum + hints.length, 0),
        hints: store.categories.reduce((sum, { hints }) => sum + hints.length, 0),
      };
    },
  });
  if (skipped) reporter.stage(name, 'already there');
  const { failures, found, hints } = output;
  reporter.line(`${hints} hints from ${failures} failures`);
  if (failures > 0 && hints === 0) {
    const why =
      found === 0
        ? `none of ${failures} failures gave a hint; take another writer, or more training tasks`
        : 'no task says its family as type in its metadata, by which hints are kept and retrieved; add it to the tasks';
    throw new ConfigError(why, { where: found === 0 ? 'hints.writer' : 'data.trainQuestions' });
  }
  return { path: join(directory, file), key, failures, hints };
}
