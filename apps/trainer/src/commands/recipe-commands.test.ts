import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../program.js';
import { loadRecipe } from '../recipe/load-recipe.js';
import { methodNames } from '../recipe/methods.js';
import { findShippedRecipe } from '../recipe/shipped-recipes.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-recipes-'));
});
afterAll(() => rmSync(root, { recursive: true }));

async function run(...words: string[]) {
  const [output, errors] = [new PassThrough(), new PassThrough()];
  const code = await runProgram(words, {
    output,
    errors,
    environment: {},
    workingDirectory: root,
    signal: new AbortController().signal,
  });
  return { code, out: String(output.read() ?? ''), error: String(errors.read() ?? '') };
}

describe('dgpo ls', () => {
  it('lists a recipe for every method, with stages and paper', async () => {
    const { code, out } = await run('ls', '--json');
    expect(code).toBe(0);
    const entries = JSON.parse(out) as { recipe: string; method: string; paper: string; stages: string[] }[];
    for (const name of methodNames) {
      const entry = entries.find(({ recipe }) => recipe === name);
      expect(entry, name).toMatchObject({ method: name });
      if (name !== 'pipeline') expect(entry?.stages.length, name).toBeGreaterThan(0);
    }
    expect(entries.find(({ recipe }) => recipe === 'dgpo')).toMatchObject({ paper: 'arXiv 2508.20324' });
    expect((await run('ls')).out).toMatch(/^kd-ppo +kd, kd-ppo +arXiv 2508\.20324 /m);
  });
});

describe('dgpo cp', () => {
  it('writes a recipe that says the same', async () => {
    expect(await run('cp', 'kd-ppo')).toMatchObject({
      code: 0,
      out: 'wrote kd-ppo.yaml\nnext:  dgpo validate kd-ppo.yaml\n       dgpo train kd-ppo.yaml\n',
    });
    const copy = await loadRecipe({ path: join(root, 'kd-ppo.yaml') });
    expect(copy).toEqual(await loadRecipe({ path: findShippedRecipe('kd-ppo').path }));
  });

  it('replaces nothing unless told to, and makes folders', async () => {
    expect(await run('cp', 'ppo', 'deep/mine.yaml')).toMatchObject({ code: 0 });
    const before = readFileSync(join(root, 'deep/mine.yaml'), 'utf8');
    expect(await run('cp', 'kd', 'deep/mine.yaml')).toMatchObject({
      code: 2,
      error: expect.stringContaining('is there already; give another name, or --force to replace it'),
    });
    expect(readFileSync(join(root, 'deep/mine.yaml'), 'utf8')).toBe(before);
    expect(await run('cp', 'kd', 'deep/mine.yaml', '--force')).toMatchObject({ code: 0 });
    expect(await run('cp', 'kd', 'deep')).toMatchObject({ code: 0 });
    expect(existsSync(join(root, 'deep/kd.yaml'))).toBe(true);
  });

  it('knows the nearest name', async () => {
    expect(await run('cp', 'dpgo')).toMatchObject({
      code: 2,
      error: expect.stringContaining('there is no recipe "dpgo"; did you mean "dgpo"?'),
    });
  });
});
