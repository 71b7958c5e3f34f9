import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contentsOf, differences, killedRun, trainChild, writeTinyRecipe } from '../killed-run.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-resume-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const cases = [
  { method: 'dgpo-reference', engine: 'wasm' },
  { method: 'ppo', engine: 'cpu' },
  { method: 'dgpo', engine: 'wasm' },
  { method: 'kd-grpo', engine: 'wasm' },
  { method: 'sft-ppo', engine: 'wasm' },
] as const;

describe('a run that is killed ten times and resumed', () => {
  it.each(cases)(
    'leaves the bytes of an undisturbed one: $method on engine $engine',
    async ({ method, engine }) => {
      const seed = cases.findIndex((one) => one.method === method && one.engine === engine);
      const { expected, actual, kills, halfWritten, last } = await killedRun({
        root: join(root, `${method}-${engine}`),
        method,
        engine,
        kills: 10,
        seed,
      });
      expect(last).toEqual({ code: 0, signal: null, errors: last.errors });
      expect(kills.length).toBe(10);
      expect(halfWritten).toBeGreaterThan(0);
      expect(expected.get('metrics.jsonl')).toContain('"eval/exact_match":');
      expect(differences(expected, actual)).toEqual([]);
    },
    1_800_000,
  );
});

/** What is on the screen when the signal comes: each kind of work once. */
const moments = [/^index /m, /^pretrain-student /m, /^teacher /m, /outputs /m, /^kd \d/m, /^dgpo \d/m, /^evaluation /m];

it('a run that is interrupted during everything it does ends with the models and metrics of an undisturbed one', async () => {
  const { recipe, run } = writeTinyRecipe({ root: join(root, 'straight'), method: 'dgpo' });
  expect((await trainChild({ recipe, resume: false, workers: 1 })).code).toBe(0);
  const other = writeTinyRecipe({ root: join(root, 'interrupted'), method: 'dgpo' });
  for (const moment of moments) {
    let sent = false;
    const { code, errors } = await trainChild({
      recipe: other.recipe,
      resume: true,
      workers: 2,
      onOutput: (text, kill) => {
        if (sent || !moment.test(text)) return;
        sent = true;
        kill('SIGINT');
      },
    });
    expect({ moment: moment.source, code, errors }).toEqual({
      moment: moment.source,
      code: 130,
      errors: expect.stringMatching(/interrupted: add --resume/),
    });
  }
  expect((await trainChild({ recipe: other.recipe, resume: true, workers: 1 })).code).toBe(0);
  const [expected, actual] = [contentsOf(run), contentsOf(other.run)];
  const decisive = /metrics\.jsonl$|model\.safetensors$|^tensorboard|optimizer\.safetensors$/;
  // An interrupt saves between the steps at which checkpoints are due.
  const kept = (name: string) => decisive.test(name) && !name.includes('checkpoints/');
  const select = (contents: Map<string, string>) => new Map([...contents].filter(([name]) => kept(name)));
  expect(select(expected).size).toBeGreaterThan(5);
  expect(differences(select(expected), select(actual))).toEqual([]);
}, 1_800_000);
