import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runStage } from './run-stage.js';

let runDirectory: string;
beforeEach(() => {
  runDirectory = mkdtempSync(join(tmpdir(), 'dgpo-stage-'));
});
afterEach(() => rmSync(runDirectory, { recursive: true, force: true }));

let runs = 0;
const stage = (inputs: unknown) =>
  runStage({
    runDirectory,
    name: 'index',
    inputs,
    run: async ({ directory }) => {
      runs++;
      writeFileSync(join(directory, 'index.bin'), JSON.stringify(inputs));
      return { documents: 3 };
    },
  });

describe('runStage', () => {
  it('runs once, then skips while inputs and outputs are the same', async () => {
    runs = 0;
    const first = await stage({ b: 1, a: { d: 1, c: 2 } });
    const second = await stage({ a: { c: 2, d: 1 }, b: 1 });
    expect([first.skipped, second.skipped, runs]).toEqual([false, true, 1]);
    expect(second.output).toEqual({ documents: 3 });
    expect(second.key).toBe(first.key);
  });

  it('runs again when inputs change, or an output is damaged or gone', async () => {
    runs = 0;
    const { directory } = await stage({ seed: 0 });
    await stage({ seed: 1 });
    expect(readFileSync(join(directory, 'index.bin'), 'utf8')).toBe('{"seed":1}');
    writeFileSync(join(directory, 'index.bin'), '{"seed":7}');
    await stage({ seed: 1 });
    rmSync(join(directory, 'index.bin'));
    expect((await stage({ seed: 1 })).skipped).toBe(false);
    expect(runs).toBe(4);
  });

  it('keeps what an interrupted attempt with the same inputs wrote, and only then', async () => {
    const interrupted = (inputs: unknown) =>
      runStage({
        runDirectory,
        name: 'rl',
        inputs,
        run: async ({ directory, continued }) => {
          const partial = join(directory, 'partial');
          const found = existsSync(partial);
          writeFileSync(partial, '');
          throw new Error(`continued ${continued}, found ${found}`);
        },
      });
    await expect(interrupted(1)).rejects.toThrow('continued false, found false');
    await expect(interrupted(1)).rejects.toThrow('continued true, found true');
    await expect(interrupted(2)).rejects.toThrow('continued false, found false');
  });

  it('clears away what an attempt was writing when it was killed', async () => {
    const attempt = (isKilled: boolean) =>
      runStage({
        runDirectory,
        name: 'index',
        inputs: { seed: 0 },
        run: async ({ directory }) => {
          if (!isKilled) return null;
          mkdirSync(join(directory, 'model'));
          for (const name of ['a.bin', 'b.bin.1234.tmp']) writeFileSync(join(directory, 'model', name), 'x');
          throw new Error('killed');
        },
      });
    await expect(attempt(true)).rejects.toThrow('killed');
    const { directory } = await attempt(false);
    expect(readdirSync(join(directory, 'model'))).toEqual(['a.bin']);
    expect(readFileSync(join(directory, 'stage.json'), 'utf8')).not.toContain('tmp');
  });

  it('refuses names that are paths', async () => {
    await expect(runStage({ runDirectory, name: '../x', inputs: 0, run: async () => 0 })).rejects.toThrow(/not a name/);
  });
});
