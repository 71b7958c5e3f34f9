import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { trackingSchema } from '../recipe/tracking-section.js';
import { openRunDirectory } from '../run/run-directory.js';
import { runTrackers } from './run-trackers.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-trackers-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** One attempt of a run that logs a step of one stage. */
async function attempt(options: {
  tracking: Parameters<typeof trackingSchema.parse>[0];
  environment?: Record<string, string>;
  workers?: number;
  completedSteps?: number;
}) {
  const { environment = {}, workers = 1, completedSteps = 0 } = options;
  const tracking = trackingSchema.parse(options.tracking);
  const config = { seed: 3, workers, rl: { clipRatio: 0.2 }, tracking };
  const run = openRunDirectory({ directory, config, resume: true });
  const notices: string[] = [];
  const trackers = runTrackers({ run, tracking, config, environment, notify: (line) => notices.push(line) });
  const tracker = trackers({ stage: 'dgpo', completedSteps });
  tracker.log({ reward: 1 }, completedSteps + 1);
  await tracker.finish();
  run.close();
  return notices;
}

const folders = (name: string) =>
  readdirSync(directory).includes(name) ? readdirSync(join(directory, name)).sort() : [];
const metrics = () => readFileSync(join(directory, 'metrics.jsonl'), 'utf8');

it('always writes JSONL, and what the recipe names', async () => {
  await attempt({ tracking: { tensorboard: false } });
  expect(metrics()).toBe('{"stage":"dgpo","step":1,"reward":1}\n');
  expect([...folders('tensorboard'), ...folders('wandb')]).toEqual([]);
  await attempt({ tracking: { wandb: true } });
  expect(folders('tensorboard')).toEqual(['dgpo']);
  expect(folders('wandb')).toHaveLength(1);
});

it('continues the W&B run on resume, whatever may change, and makes another for another name', async () => {
  await attempt({ tracking: { wandb: true } });
  const [first = ''] = folders('wandb');
  await attempt({ tracking: { wandb: true, tensorboard: false }, workers: 2, completedSteps: 1 });
  expect(folders('wandb')).toEqual([first]);
  expect(metrics().split('\n')).toHaveLength(3);
  await attempt({ tracking: { wandb: true, name: 'second' } });
  expect(folders('wandb')).toHaveLength(2);
});

it('names project, group and stage, the recipe before the environment', async () => {
  const environment = { WANDB_PROJECT: 'from-environment', WANDB_ENTITY: 'team' };
  await attempt({ tracking: { wandb: true, project: 'from-recipe', name: 'mine' }, environment });
  const [folder = ''] = folders('wandb');
  const id = folder.split('-').at(-1) ?? '';
  const file = readFileSync(join(directory, 'wandb', folder, `run-${id}.wandb`), 'latin1');
  for (const text of ['from-recipe', 'team', 'mine dgpo', '"clipRatio":0.2']) expect(file).toContain(text);
  expect(file).not.toContain('from-environment');
  rmSync(join(directory, 'wandb'), { recursive: true });
  await attempt({ tracking: { wandb: true }, environment });
  const [other = ''] = folders('wandb');
  const content = readFileSync(join(directory, 'wandb', other, `run-${other.split('-').at(-1)}.wandb`), 'latin1');
  expect(content).toContain('from-environment');
  expect(content).toContain(`${basename(directory)} dgpo`);
});

it('writes nothing where W&B is disabled, and says what an upload lacks', async () => {
  await attempt({ tracking: { wandb: true }, environment: { WANDB_MODE: 'disabled' } });
  expect(folders('wandb')).toEqual([]);
  const notices = await attempt({ tracking: { wandb: true }, environment: { WANDB_MODE: 'online' } });
  expect(notices).toEqual([expect.stringContaining('WANDB_API_KEY is not set')]);
  expect(folders('wandb')).toHaveLength(1);
});
