import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Workshop } from '../pipeline/workshop.js';
import { runStage } from '../run/run-stage.js';
import type { MicroBatchOptions } from '../train/micro-batches.js';
import { type ExampleRow, type MeasuredLoss, measureLoss } from './measure-loss.js';

/** Measures the held-out loss of a model once; a run that continues finds the result. */
export async function lossStage(
  options: MicroBatchOptions & {
    workshop: Workshop;
    /** Names the stage, `loss-<name>`. */
    name: string;
    /** Of the model and the rows. */
    inputs: unknown;
    rows: readonly ExampleRow[];
    model: string;
    /** Puts the model into the workers; called when there is something to measure. */
    open: () => Promise<void>;
  },
): Promise<MeasuredLoss> {
  const { workshop, name, inputs, rows, microBatchSize, maxTokensPerMicroBatch, model, open } = options;
  const { directory } = await runStage({
    runDirectory: workshop.run.path,
    name: `loss-${name}`,
    inputs,
    run: async ({ directory: target }) => {
      await open();
      const { values, clusters } = await measureLoss({
        pool: workshop.pool,
        model,
        rows,
        microBatchSize,
        maxTokensPerMicroBatch,
        onProgress: (done, total) => {
          workshop.signal?.throwIfAborted();
          workshop.reporter.progress({ label: `held-out loss ${name}`, done, total });
        },
      });
      await writeFile(join(target, 'loss.json'), JSON.stringify({ values: [...values], clusters }));
      return null;
    },
  });
  const stored = JSON.parse(await readFile(join(directory, 'loss.json'), 'utf8')) as {
    values: number[];
    clusters: string[];
  };
  return { values: Float64Array.from(stored.values), clusters: stored.clusters };
}
