import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProgram } from '../program.js';
import { put, record } from '../viewer/__fixtures__/viewer-runs.js';
import type { RunsReply } from '../viewer/api.js';

const folder = mkdtempSync(join(tmpdir(), 'dgpo-eval-serve-'));
put(folder, 'page/index.html', '<!doctype html>');
put(folder, 'logs/mine.jsonl', [record()]);
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command line; `onOutput` sees what it prints. */
async function run(words: string[], onOutput: (text: string, abort: () => void) => void = () => undefined) {
  const controller = new AbortController();
  let errors = '';
  const code = await runProgram(words, {
    output: {
      write: (text: string) => {
        onOutput(text, () => controller.abort());
        return true;
      },
    },
    errors: {
      write: (text: string) => {
        errors += text;
        return true;
      },
    },
    environment: {},
    workingDirectory: folder,
    viewerPage: join(folder, 'page'),
    signal: controller.signal,
  });
  return { code, errors };
}

test('prints the address, answers there, and ends with Ctrl-C', async () => {
  let reply: Promise<RunsReply> | undefined;
  let printed = '';
  const { code, errors } = await run(['serve', 'logs', '--port', '0'], (text, abort) => {
    printed += text;
    const url = /^logs is shown at (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(text)?.[1] ?? '';
    reply = fetch(`${url}/api/runs`)
      .then((response) => response.json() as Promise<RunsReply>)
      .finally(abort);
  });
  expect([code, errors]).toEqual([0, 'Ctrl-C ends it.\n']);
  expect((await reply)?.runs.map(({ id }) => id)).toEqual(['mine.jsonl']);
  const url = /http:\S+/.exec(printed)?.[0] ?? '';
  await expect(fetch(url)).rejects.toThrow();
});

test.each([
  [['nowhere'], /there is no such folder/],
  [['logs/mine.jsonl'], /is a file; give the folder that it lies in/],
  [['logs', '--port', '70000'], /must be at most 65535, not 70000/],
  [['logs', '--port', 'x'], /must be an integer of at least 0/],
] as const)('serve %j is bad input: one line, exit code 2', async (words, message) => {
  const { code, errors } = await run(['serve', ...words]);
  expect(code).toBe(2);
  expect(errors).toMatch(message);
  expect(errors.trim().split('\n')).toHaveLength(1);
});
