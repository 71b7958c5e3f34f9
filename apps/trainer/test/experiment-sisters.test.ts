import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDecoder, decoderConfig, getParameters, saveModel, trainCompactTokenizer } from '@dgpo/lm';
import { ConfigError, createRandom } from '@dgpo/trajectory';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSisters } from '../src/experiment/run-sisters.js';
import type { SisterRun } from '../src/experiment/sister-run.js';
import { writeSistersReport } from '../src/experiment/write-sisters-report.js';
import type { KeyTree } from '../src/recipe/methods/method.js';

let root: string;
let tiny: KeyTree;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-sisters-run-'));
  const directory = join(root, 'base');
  const tokenizer = trainCompactTokenizer({ texts: ['Question: '], specialTokens: [], maximumPieces: 4 });
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    ...{ hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 1800 },
  });
  const decoder = createDecoder({ config, random: createRandom(0) });
  await saveModel({ directory, config, parameters: (await getParameters(decoder)).slice(), tokenizer });
  decoder.dispose();
  tiny = tinyKeys(directory);
});
afterAll(() => rmSync(root, { recursive: true }));

/** A tiny student that learns from the expert; as its own teacher it would teach nothing. */
const tinyKeys = (path: string): KeyTree => ({
  engine: 'wasm',
  data: { inventedCountries: 160, arithmetic: { trainTasks: 6 } },
  environment: { maxTokensPerTurn: 300, maxTotalTokens: 1800 },
  student: { path },
  teacher: { path },
  distill: { demonstrator: 'expert', numTasks: 6, numTrainEpochs: 2, batchSize: 2, microBatchSize: 1, warmupSteps: 0 },
  evaluation: { tasksPerSet: 2 },
});

async function run(options: { seed?: number; rows?: string[]; keys?: KeyTree; stopAt?: string } = {}) {
  const lines: string[] = [];
  const controller = new AbortController();
  const say = (line: string) => {
    lines.push(line);
    if (options.stopAt !== undefined && line.startsWith(options.stopAt)) controller.abort(new Error('stopped'));
  };
  const { seed = 0, rows = ['cot-distillation'], keys = tiny } = options;
  const { interrupted } = await runSisters({
    outputDir: join(root, 'work'),
    resultsDir: join(root, 'results'),
    ...{ seed, rows, keys, commit: 'abc', workers: 1, signal: controller.signal },
    reporter: {
      stage: (name, text) => say(`${name}: ${text}`),
      line: say,
      progress: () => undefined,
      tracker: () => ({ log: () => undefined, finish: async () => undefined }),
    },
  });
  return { interrupted, lines };
}

it('a row is kept as one file, goes on where it stopped, is not run again, and is refused with other settings', async () => {
  expect((await run({ stopAt: 'evaluation: base' })).interrupted).toBe(true);
  const { interrupted, lines } = await run();
  expect(interrupted).toBe(false);
  expect(lines).toContain('cot-distillation: already there');

  const path = join(root, 'results/runs/cot-distillation-0.json');
  const text = readFileSync(path, 'utf8');
  const kept = JSON.parse(text) as SisterRun;
  expect(kept).toMatchObject({
    row: 'cot-distillation',
    seed: 0,
    commit: 'abc',
    keys: { weights: { student: expect.stringMatching(/^[0-9a-f]{16}$/) } },
  });
  expect(kept.models.map(({ name }) => name)).toEqual(['base', 'cot-distillation']);
  for (const { sets, cost } of kept.models) {
    expect(sets.map(({ name }) => name)).toEqual(['known', 'fiction', 'facts']);
    expect(sets.every(({ correct, play }) => /^[01]{2}$/.test(correct) && play.episodes === 2)).toBe(true);
    expect(cost.questions).toBe(6);
  }
  expect(new Set(kept.models.map(({ sets }) => JSON.stringify(sets.map(({ tasks }) => tasks)))).size).toBe(1);
  expect(kept.models[1]?.curves.loss?.length).toBe(6);

  expect((await run()).lines).toEqual([]);
  expect(readFileSync(path, 'utf8')).toBe(text);
  const other = run({ keys: { ...tiny, evaluation: { tasksPerSet: 3 } } });
  await expect(other).rejects.toThrow(`${path}: it was made with other settings`);

  writeSistersReport({ resultsDir: join(root, 'results') });
  const table = readFileSync(join(root, 'results/table.md'), 'utf8');
  expect(table).toMatch(/### On facts, 2 tasks[\s\S]*\| chain-of-thought distillation +\| 1 /);
});

it('unknown rows, a base that is not there, and a result of other weights are refused', async () => {
  await expect(run({ rows: ['none'] })).rejects.toThrow(/no row "none"; there are agent-distillation, /);
  await expect(run({ seed: 1, keys: { student: { path: 'nowhere' } } })).rejects.toThrow(
    /row cot-distillation: a model that it starts from cannot be read/,
  );
  const path = join(root, 'results/runs/cot-distillation-0.json');
  const kept = JSON.parse(readFileSync(path, 'utf8')) as SisterRun & { keys: { weights: object } };
  writeFileSync(path, JSON.stringify({ ...kept, keys: { ...kept.keys, weights: { student: 'another' } } }));
  await expect(run()).rejects.toThrow(ConfigError);
});
