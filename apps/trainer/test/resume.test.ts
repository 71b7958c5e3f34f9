import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunTinyOptions } from './tiny-recipe.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-resume-'));
});
afterAll(() => rmSync(root, { recursive: true }));

/** Runs the tiny recipe in a process of its own. */
async function runChild(
  options: RunTinyOptions,
): Promise<{ code: number | null; signal: string | null; errors: string }> {
  const entry = new URL('./tiny-recipe.ts', import.meta.url).href;
  const script = `import { runTiny } from ${JSON.stringify(entry)}; await runTiny(${JSON.stringify(options)});`;
  const words = ['--import', 'tsx', '--conditions=@dgpo/source', '--input-type=module', '--eval', script];
  const child = spawn(process.execPath, words, {
    cwd: new URL('..', import.meta.url),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (part) => {
    errors += part;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, errors }));
  });
}

/** Event files and timings hold the time of day, logs the attempt, and the key of an evaluation holds the path of the index. */
const varies = /^logs|tensorboard|timings\.jsonl$|evaluation-[\w-]+.stage\.(json|key)$/;

/** The bytes of the files of a run that must not vary. */
function contents(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !varies.test(relative(directory, path)));
  return new Map(files.map((path) => [relative(directory, path), readFileSync(path, 'latin1')]));
}

it('a run that is killed and continued leaves the bytes of a straight one', async () => {
  const data = join(root, 'data');
  const straight = { data, outputDir: join(root, 'straight'), workers: 1 };
  const completed = { code: 0, signal: null, errors: '' };
  const running = runChild({ ...straight, resume: false });

  const broken = { data, outputDir: join(root, 'broken'), workers: 1 };
  const killed = { code: null, signal: 'SIGKILL', errors: '' };
  // In two stages; between two checkpoints, and where one is about to be written.
  const kills = [
    { stage: 'kd', step: 52 },
    { stage: 'dgpo', step: 3 },
    { stage: 'dgpo', step: 6 },
  ];
  for (const [index, killAt] of kills.entries()) {
    expect(await runChild({ ...broken, resume: index > 0, killAt })).toEqual(killed);
  }
  expect(await runChild({ ...broken, workers: 2, resume: true })).toEqual(completed);
  expect(await running).toEqual(completed);

  const [expected, actual] = [contents(straight.outputDir), contents(broken.outputDir)];
  for (const name of ['metrics.jsonl', 'stages/kd/model/model.safetensors', 'stages/dgpo/model/model.safetensors']) {
    expect(expected.get(name)?.length).toBeGreaterThan(1000);
    expect(actual.get(name) === expected.get(name), name).toBe(true);
  }
  const names = [...new Set([...expected.keys(), ...actual.keys()])];
  expect(names.filter((name) => actual.get(name) !== expected.get(name))).toEqual([]);
}, 120_000);
