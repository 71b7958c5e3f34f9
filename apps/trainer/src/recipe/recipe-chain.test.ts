import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { flattenRecipe } from './flatten-recipe.js';
import { loadRecipe } from './load-recipe.js';
import { splitRecipeFlags } from './recipe-flags.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-chain-'));
  mkdirSync(join(root, 'base'));
  writeFileSync(join(root, 'base/corpus.jsonl'), '{"id":"0","contents":"a"}\n');
  write('base/world.yaml', [
    'data:',
    '  corpus: corpus.jsonl # every passage',
    '  trainQuestions: train.jsonl',
    'rl:',
    '  maxSteps: 7',
    '  learningRate: 1.0e-4',
  ]);
});
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, lines: readonly string[]): string {
  const path = join(root, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

const load = (path: string, flags: readonly string[] = []) =>
  loadRecipe({ path, overrides: splitRecipeFlags(flags).overrides, workingDirectory: root });

describe('extends', () => {
  it('fills in what a recipe does not say; paths are relative to the file that has them', async () => {
    const path = write('own.yaml', [
      '# Mine.',
      'extends: base/world.yaml',
      'method: ppo',
      'rl: { maxSteps: 9 }',
      'data: { trainQuestions: mine.jsonl }',
    ]);
    const recipe = await load(path, ['--rl.learningRate', '2e-4']);
    expect(recipe.stages.map(({ name, rl }) => [name, rl?.maxSteps, rl?.learningRate])).toEqual([['ppo', 9, 2e-4]]);
    expect(recipe.data).toMatchObject({
      corpus: join(root, 'base/corpus.jsonl'),
      trainQuestions: join(root, 'mine.jsonl'),
    });
  });

  it('blames the file that is wrong', async () => {
    const bad = write('base/bad.yaml', ['data: { corpus: a, trainQuestions: b }', 'rl:', '  maxStep: 1']);
    const path = write('of-bad.yaml', ['extends: base/bad.yaml']);
    await expect(load(path)).rejects.toThrow(`${bad}:3:3: "rl" has no key "maxStep"; did you mean "maxSteps"?`);
  });

  it('refuses circles, files that are not there and what is no path', async () => {
    write('a.yaml', ['extends: b.yaml']);
    const circle = write('b.yaml', ['extends: a.yaml']);
    await expect(load(circle)).rejects.toThrow(/a\.yaml:1:1: extends b\.yaml, which extends this file/);
    const missing = write('missing.yaml', ['seed: 1', 'extends: nowhere.yaml']);
    await expect(load(missing)).rejects.toThrow(/missing\.yaml:2:1: extends .*nowhere\.yaml, which cannot be read/);
    await expect(load(write('list.yaml', ['extends: [a]']))).rejects.toThrow(/extends must be the path of a recipe/);
  });
});

describe('flattenRecipe', () => {
  it('is one file with the comments of both, and files as seen from the target', async () => {
    const path = write('flat.yaml', [
      '# yaml-language-server: $schema=./recipe.schema.json',
      '# PPO on mine.',
      '#   dgpo train flat.yaml',
      'extends: base/world.yaml',
      'method: ppo',
      'rl:',
      '  maxSteps: 9',
    ]);
    const target = join(root, 'elsewhere');
    const text = flattenRecipe({ path, target });
    expect(text.split('\n')[0]).toBe('# PPO on mine.');
    expect(text).toContain('corpus: ../base/corpus.jsonl # every passage');
    expect(text).not.toContain('extends');
    mkdirSync(target);
    writeFileSync(join(target, 'flat.yaml'), text);
    const [copy, original] = [await load(join(target, 'flat.yaml')), await load(path)];
    expect(copy.stages).toEqual(original.stages);
    expect(copy.data.corpus).toBe(original.data.corpus);
    expect(readFileSync(path, 'utf8')).toContain('extends');
  });
});
