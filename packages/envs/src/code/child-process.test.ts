import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { createSurroundings } from './__fixtures__/surroundings.js';
import { type Child, startChild } from './child-process.js';

const fixtures = join(dirname(fileURLToPath(import.meta.url)), '__fixtures__');
let child: Child | undefined;
afterEach(() => child?.kill());

test('a process whose interpreter is broken through has no files, network, processes, threads, code or environment', async () => {
  const around = await createSurroundings();
  child = startChild({ script: '../__fixtures__/hostile.mjs', readable: [join(fixtures, '*')], memory: 64 });
  child.send({ type: 'setup', folder: around.folder, secretFile: around.secretFile, port: around.port });
  const outcomes: Record<string, unknown>[] = [];
  do outcomes.push(await child.receive());
  while (outcomes.at(-1)?.type === 'tried');
  expect(await around.damage(outcomes)).toEqual([]);
  await around.close();
  const got = outcomes.filter((outcome) => 'got' in outcome);
  expect(got).toEqual([]);
  expect(outcomes.at(-1)).toEqual({ type: 'done', environment: ['TZ'], folder: '/' });
  expect(outcomes.length).toBeGreaterThan(25);
});

test('a process that ends says so to whoever waits, and to everyone after', async () => {
  child = startChild({ script: 'no-such-file.mjs', readable: [], memory: 64 });
  await expect(child.receive()).rejects.toThrow(/the interpreter's process ended: code 1/);
  expect(child.alive).toBe(false);
  await expect(child.receive()).rejects.toThrow('ended');
  child.send({ type: 'into the void' });
  await child.exited;
});
