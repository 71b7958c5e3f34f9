import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointError } from '@dgpo/trajectory';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeCheckpoint } from './checkpoint.js';
import { type FileSystem, nodeFileSystem } from './file-system.js';
import { findCheckpoint, latestCheckpointStep, readCheckpoint } from './read-checkpoint.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'dgpo-checkpoint-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const weights = (value: number) => ({
  'model/weights.bin': new Uint8Array([value, 2, 3]),
  'state.json': `{"v":${value}}`,
});

/** A file system whose `failing`-th durable write (counted from 1) fails as on a full disk, half way through. */
function failingAt(failing: number, code = 'ENOSPC'): FileSystem {
  let writes = 0;
  return {
    ...nodeFileSystem,
    open: async (path, flags) => {
      const file = await nodeFileSystem.open(path, flags);
      return {
        sync: () => file.sync(),
        close: () => file.close(),
        writeFile: async (data) => {
          writes++;
          if (writes < failing) return file.writeFile(data);
          await file.writeFile(data.slice(0, 1));
          throw Object.assign(new Error(`${code}: no space left on device, write`), { code });
        },
      };
    },
  };
}

describe('writeCheckpoint and readCheckpoint', () => {
  it('gives back the bytes, the step and the latest of several', async () => {
    await writeCheckpoint({ directory, step: 5, files: weights(1) });
    await writeCheckpoint({ directory, step: 10, files: weights(9) });
    const checkpoint = await readCheckpoint({ directory });
    expect(checkpoint.step).toBe(10);
    expect([...checkpoint.bytes('model/weights.bin')]).toEqual([9, 2, 3]);
    expect(checkpoint.text('state.json')).toBe('{"v":9}');
    expect(await latestCheckpointStep({ directory })).toBe(10);
    expect((await readCheckpoint({ directory: join(directory, 'checkpoint-5') })).text('state.json')).toBe('{"v":1}');
    expect(() => checkpoint.bytes('critic.bin')).toThrow(CheckpointError);
  });

  it('writes a manifest that sha256sum agrees with', async () => {
    await writeCheckpoint({ directory, step: 1, files: { 'a.txt': 'abc' } });
    const manifest = JSON.parse(readFileSync(join(directory, 'checkpoint-1', 'manifest.json'), 'utf8'));
    expect(manifest.files['a.txt']).toEqual({
      bytes: 3,
      // FIPS 180-2, appendix B.1
      sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    });
  });

  it('keeps the newest and removes leftovers of later steps and unfinished ones', async () => {
    for (const step of [1, 2, 3, 4]) await writeCheckpoint({ directory, step, files: weights(step), keep: 2 });
    expect(readdirSync(directory).sort()).toEqual(['checkpoint-3', 'checkpoint-4', 'latest']);
    rmSync(join(directory, 'checkpoint-4', 'state.json'));
    await writeCheckpoint({ directory, step: 2, files: weights(2), keep: 2 });
    expect(readdirSync(directory).sort()).toEqual(['checkpoint-2', 'latest']);
  });

  it.each([1, 2, 3, 4])('leaves the previous checkpoint intact when the disk is full at write %i', async (failing) => {
    await writeCheckpoint({ directory, step: 1, files: weights(1), keep: 1 });
    const error = await writeCheckpoint({
      directory,
      step: 2,
      files: weights(2),
      keep: 1,
      fileSystem: failingAt(failing),
    }).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(CheckpointError);
    expect(String(error)).toMatch(/the disk is full; free some space and resume: checkpoint-1 is intact/);
    expect((await readCheckpoint({ directory })).text('state.json')).toBe('{"v":1}');
    expect(existsSync(join(directory, 'checkpoint-2.tmp'))).toBe(false);
  });

  it('says so when there was no checkpoint before a failed write', async () => {
    const write = writeCheckpoint({ directory, step: 2, files: weights(2), fileSystem: failingAt(1, 'EIO') });
    await expect(write).rejects.toThrow(/cannot be written \(EIO.*\) and start again/);
  });

  it('ignores what a killed process left half written', async () => {
    await writeCheckpoint({ directory, step: 1, files: weights(1) });
    const half = failingAt(2);
    const killed: FileSystem = { ...half, rm: async () => undefined };
    await writeCheckpoint({ directory, step: 2, files: weights(2), fileSystem: killed }).catch(() => undefined);
    expect(existsSync(join(directory, 'checkpoint-2.tmp'))).toBe(true);
    expect((await readCheckpoint({ directory })).step).toBe(1);
    await writeCheckpoint({ directory, step: 2, files: weights(7), keep: 2 });
    expect((await readCheckpoint({ directory })).text('state.json')).toBe('{"v":7}');
    expect(existsSync(join(directory, 'checkpoint-2.tmp'))).toBe(false);
  });

  it('refuses a missing, damaged, truncated or foreign checkpoint', async () => {
    await expect(readCheckpoint({ directory })).rejects.toThrow(/there is no checkpoint here/);
    await writeCheckpoint({ directory, step: 1, files: weights(1), config: { hiddenSize: 96 } });
    await writeCheckpoint({ directory, step: 2, files: weights(2), config: { hiddenSize: 96 } });
    await expect(readCheckpoint({ directory, config: { hiddenSize: 64 } })).rejects.toThrow(
      /written with another config \(hiddenSize: 96, not 64\)/,
    );
    await expect(readCheckpoint({ directory, config: { hiddenSize: 96 } })).resolves.toMatchObject({ step: 2 });
    const path = join(directory, 'checkpoint-2');
    writeFileSync(join(path, 'model/weights.bin'), new Uint8Array([3, 2, 3]));
    await expect(readCheckpoint({ directory })).rejects.toThrow(
      /model\/weights.bin is damaged.*other checkpoints here: .*checkpoint-1/,
    );
    rmSync(join(path, 'model/weights.bin'));
    await expect(readCheckpoint({ directory })).rejects.toThrow(/cannot read model\/weights.bin/);
    writeFileSync(join(path, 'manifest.json'), '{"version":1,');
    await expect(readCheckpoint({ directory })).rejects.toThrow(/manifest.json is damaged/);
  });

  it('falls back to the newest valid one and says which and why', async () => {
    const lines: string[] = [];
    const find = async () => (await findCheckpoint({ directory, report: (line) => lines.push(line) }))?.step;
    expect(await find()).toBeUndefined();
    for (const step of [2, 4, 6, 8]) await writeCheckpoint({ directory, step, files: weights(step) });
    expect([await find(), lines]).toEqual([8, []]);
    writeFileSync(join(directory, 'checkpoint-8', 'state.json'), '{"v":');
    rmSync(join(directory, 'checkpoint-6', 'manifest.json'));
    expect(await find()).toBe(4);
    expect(lines.splice(0)).toEqual([
      'checkpoint-8: state.json is damaged (its SHA-256 differs from the manifest); checkpoint-6: there is no checkpoint here; continuing from checkpoint-4',
    ]);
    // A pointer that names one which is gone, or is no pointer.
    writeFileSync(join(directory, 'latest'), 'checkpoint-5\n');
    expect(await find()).toBe(4);
    writeFileSync(join(directory, 'latest'), '');
    expect(await find()).toBe(4);
    for (const step of [2, 4]) rmSync(join(directory, `checkpoint-${step}`, 'model'), { recursive: true });
    await expect(find()).rejects.toThrow(/no checkpoint is valid \(checkpoint-8: .*checkpoint-2: cannot read model/);
  });

  it('passes over no checkpoint of another config or another format', async () => {
    await writeCheckpoint({ directory, step: 1, files: weights(1), config: { seed: 1, rl: { beta: 2 } } });
    await writeCheckpoint({ directory, step: 2, files: weights(2), config: { seed: 1, rl: { beta: 3 } } });
    await expect(findCheckpoint({ directory, config: { seed: 1, rl: { beta: 2 } } })).rejects.toThrow(
      /rl\.beta: 3, not 2/,
    );
    const path = join(directory, 'checkpoint-2', 'manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version": 2', '"version": 3'));
    await expect(findCheckpoint({ directory })).rejects.toThrow(/is of format 3, and this version of dgpo reads/);
  });

  it('writes the latest again when its files are damaged', async () => {
    for (const step of [1, 2]) await writeCheckpoint({ directory, step, files: weights(step) });
    writeFileSync(join(directory, 'checkpoint-2', 'state.json'), '{"v":9}');
    await writeCheckpoint({ directory, step: 2, files: weights(2) });
    expect((await readCheckpoint({ directory })).text('state.json')).toBe('{"v":2}');
  });

  it('never removes the best of a checkpoint that stays', async () => {
    const write = (step: number, best: number) =>
      writeCheckpoint({ directory, step, files: weights(step), keep: 2, best: { step: best, metric: best / 10 } });
    for (const step of [1, 2, 3, 4]) await write(step, 1);
    expect(readdirSync(directory).sort()).toEqual(['best', 'checkpoint-1', 'checkpoint-3', 'checkpoint-4', 'latest']);
    await write(5, 5);
    // Checkpoint 4, to which a run may fall back, still has its best.
    expect(readdirSync(directory).sort()).toEqual(['best', 'checkpoint-1', 'checkpoint-4', 'checkpoint-5', 'latest']);
    await write(6, 5);
    expect(readdirSync(directory).sort()).toEqual(['best', 'checkpoint-5', 'checkpoint-6', 'latest']);
    const best = await readCheckpoint({ directory, pointer: 'best' });
    expect([best.step, best.best]).toEqual([5, { step: 5, metric: 0.5 }]);
  });

  it('says that a folder is read-only', async () => {
    await writeCheckpoint({ directory, step: 1, files: weights(1) });
    const write = writeCheckpoint({ directory, step: 2, files: weights(2), fileSystem: failingAt(1, 'EROFS') });
    await expect(write).rejects.toThrow(/read-only; make it writable and resume: checkpoint-1 is intact/);
  });

  it('refuses names that leave the folder, when writing and when reading', async () => {
    await expect(writeCheckpoint({ directory, step: 1, files: { '../x': 'y' } })).rejects.toThrow(CheckpointError);
    await writeCheckpoint({ directory, step: 1, files: { x: 'y' } });
    const path = join(directory, 'checkpoint-1', 'manifest.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"x"', '"../latest"'));
    await expect(readCheckpoint({ directory })).rejects.toThrow(/manifest.json is damaged/);
  });
});
