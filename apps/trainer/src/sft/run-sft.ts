import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Figure, formatTable } from '@dgpo/arc';
import { loadChatTemplate, loadTokenizer, requireMemory, resolveModel } from '@dgpo/lm';
import { readModelConfig } from '../estimate/model-config.js';
import type { PipelineOptions } from '../pipeline/run-pipeline.js';
import { openWorkshop } from '../pipeline/workshop.js';
import { modelKey } from '../run/model-key.js';
import { hashValue } from '../run/stable-hash.js';
import { sftMemoryNames, sftMemoryOptions } from './check-sft.js';
import { exampleRows } from './example-rows.js';
import { readSftData } from './hold-out.js';
import { lossStage } from './loss-stage.js';
import { lossDifference, meanLoss } from './measure-loss.js';
import type { SftRecipe } from './sft-schema.js';
import { sftModelName, trainingStage } from './training-stage.js';

/** What a run of supervised fine-tuning gives. */
export interface SftResult {
  runDirectory: string;
  /** Held-out negative log-likelihood in nats per token, with intervals over examples. */
  loss?: { before: Figure; after: Figure; difference: Figure };
  /** Folders of what was saved. */
  model?: string;
  adapter?: string;
  /** For people. */
  text: string;
  interrupted: boolean;
}

const number = (value: number) => value.toFixed(4);
const range = ({ low, high }: Figure) => `[${number(low)}, ${number(high)}]`;

/** Runs a recipe with `method: sft`: held-out loss, training, the same loss again, a model folder or an adapter. */
export async function runSft(options: Omit<PipelineOptions, 'recipe'> & { recipe: SftRecipe }): Promise<SftResult> {
  const { recipe, reporter, signal } = options;
  const { outputDir: _, workers: __, ...config } = recipe;
  const workshop = await openWorkshop({
    directory: recipe.outputDir,
    config,
    resume: options.resume,
    engine: recipe.engine,
    workers: recipe.workers,
    tracking: recipe.tracking,
    reporter,
    signal,
    mayChange: ['outputDir', 'workers', 'tracking', 'training.saveSteps', 'training.saveTotalLimit'],
  });
  const runDirectory = workshop.run.path;
  try {
    const directory = await resolveModel({ model: recipe.model, ...(signal === undefined ? {} : { signal }) });
    const memory = sftMemoryOptions(recipe, await readModelConfig(directory), workshop.engine.name);
    requireMemory({ ...memory, where: recipe.model, names: sftMemoryNames });
    const tokenizer = await loadTokenizer(directory);
    const chatTemplate = await loadChatTemplate(directory);
    const data = await readSftData(recipe);
    const { maxLength, packing } = recipe.data;
    const train = exampleRows({ examples: data.train, tokenizer, chatTemplate, maxLength, packing });
    const test = exampleRows({ examples: data.test, tokenizer, chatTemplate, maxLength });
    const tokens = train.reduce((total, row) => total + row.tokenIds.length, 0);
    reporter.line(`${train.length} training sequences of ${tokens} tokens, ${test.length} held out`);

    const base = await modelKey(directory);
    const held = hashValue(test.map((row) => ({ ids: [...row.tokenIds], mask: [...row.mask] })));
    const { microBatchSize, maxTokensPerMicroBatch } = recipe.training;
    const measured = { workshop, rows: test, microBatchSize, maxTokensPerMicroBatch, model: sftModelName };
    const before = await lossStage({
      ...measured,
      name: 'before',
      inputs: { base, held },
      open: () => workshop.pool.broadcast({ kind: 'open', name: sftModelName, directory, seed: recipe.seed }),
    });
    const trained = await trainingStage({ workshop, recipe, directory, base, tokenizer, train, test });
    const after = await lossStage({
      ...measured,
      name: 'after',
      inputs: { trained: trained.key, held },
      open: trained.open,
    });
    const loss = {
      before: meanLoss(before),
      after: meanLoss(after),
      difference: lossDifference(before, after),
    };
    const saved = {
      ...(trained.model === undefined ? {} : { model: trained.model }),
      ...(trained.adapter === undefined ? {} : { adapter: trained.adapter }),
    };
    await writeFile(join(runDirectory, 'results.json'), `${JSON.stringify({ loss }, null, 2)}\n`);
    const table = formatTable({
      columns: [
        { header: 'held-out loss', align: 'left' },
        { header: 'nats per token', align: 'right' },
        { header: '95 % interval', align: 'right' },
        { header: 'perplexity', align: 'right' },
      ],
      rows: [
        ...(['before', 'after'] as const).map((name) => [
          name,
          number(loss[name].mean),
          range(loss[name]),
          Math.exp(loss[name].mean).toFixed(2),
        ]),
        ['difference', number(loss.difference.mean), range(loss.difference), ''],
      ],
    });
    const folders = Object.entries(saved).map(([name, path]) => `${name.padEnd(8)} ${path}`);
    return { runDirectory, loss, ...saved, text: [table, '', ...folders].join('\n'), interrupted: false };
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return { runDirectory, text: '', interrupted: true };
    throw error;
  } finally {
    await workshop.close();
  }
}
