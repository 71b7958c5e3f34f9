import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, EnvironmentError } from '@dgpo/trajectory';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { storedZip } from './__fixtures__/stored-zip.js';
import { createEchoTool } from './__fixtures__/surroundings.js';
import type { CodeTool } from './code-interpreter.js';
import { createPythonInterpreter, startPython } from './python-interpreter.js';

let python: Awaited<ReturnType<typeof startPython>>;
beforeAll(async () => {
  python = await startPython({ timeout: 4000, toolTimeout: 300, maxOperations: 5_000_000, memory: 96 });
}, 300_000);
afterAll(() => python.close());
beforeEach(() => python.reset());

const run = (code: string, tools: CodeTool[] = []) => python.run({ code, tools });

describe('what an action gives', () => {
  test.each([
    ['prints and the value of the last expression', 'print("a", 1)\n2 + 3', { stdout: 'a 1\n', value: '5' }],
    ['the value of the last assignment', 'x = [1, 2]', { value: '[1, 2]' }],
    ['of an augmented one', 'x = 1\nx += 2', { value: '3' }],
    ['no value of a statement', 'for i in range(3): pass', { value: null }],
    ['no value of None', 'print', { error: null }],
    [
      'an error with its line',
      'x = 1\n1/0',
      { error: 'ZeroDivisionError: division by zero in line 2: 1/0', value: null },
    ],
    ['prints before the error', 'print("so far")\nraise ValueError("no")', { stdout: 'so far\n' }],
    ['a syntax error', 'def f(:', { error: 'SyntaxError: invalid syntax in line 1: def f(:' }],
    ['nothing for nothing', '', { stdout: '', value: null, error: null, answer: null }],
    ['an answer', 'final_answer(6 * 7)', { answer: '42', value: null, error: null }],
    ['an answer although it is caught', 'try:\n  final_answer(1)\nexcept BaseException:\n  pass', { answer: '1' }],
    ['the first of two answers', 'try:\n  final_answer(1)\nexcept BaseException:\n  final_answer(2)', { answer: '1' }],
    ['text of every script', 'print("Zürich 東京 🎉")', { stdout: 'Zürich 東京 🎉\n' }],
    ['a lone surrogate, replaced', 'print("\\ud800")', { stdout: '\uFFFD\n' }],
  ])('%s', async (_, code, expected) => {
    expect(await run(code)).toMatchObject({ ...expected, lost: false });
  });

  test('variables, functions and imports live on until the reset', async () => {
    await run('import math\ndef area(r): return math.pi * r * r\nradius = 2');
    expect(await run('round(area(radius), 3)')).toMatchObject({ value: '12.566' });
    await python.reset();
    expect((await run('radius')).error).toContain('NameError');
  });

  test('long prints and values lose their middle', async () => {
    const { stdout, value } = await run('for i in range(8000): print("line", i)\n"v" * 50000');
    expect(stdout.length).toBeLessThanOrEqual(50_100);
    expect(stdout.startsWith('line 0\n')).toBe(true);
    expect(stdout.endsWith('line 7999\n')).toBe(true);
    expect(stdout).toMatch(/\n\[\d+ characters left out here\]\n/);
    expect(value).toBe(`${'v'.repeat(10_000)}\n[30000 characters left out here]\n${'v'.repeat(10_000)}`);
  });

  test('imports are those of the list', async () => {
    expect(await run('from collections import Counter\nimport statistics as s\ns.mean([1, 3])')).toMatchObject({
      value: '2',
    });
    const { error } = await run('import subprocess');
    expect(error).toContain('the module subprocess is not allowed here; these are: bisect');
  });

  test('clock and chance are the same in every episode', async () => {
    const code =
      'import random, time, datetime\n[random.random(), time.time(), datetime.datetime.now(), hash("a"), id(code := "x")]';
    const { value } = await run(code);
    expect(value).toContain('2020');
    await python.reset();
    expect(await run(code)).toMatchObject({ value });
  });
});

describe('tools', () => {
  test('are called by position and by name, with data both ways', async () => {
    const { tool, seen } = createEchoTool();
    const { value, calls } = await run('a = echo({"x": [1, None, True, "é"]})\nb = echo(value=a["x"])\nb', [tool]);
    expect(value).toBe("[1, None, True, 'é']");
    expect(seen).toEqual([{ value: { x: [1, null, true, 'é'] } }, { value: [1, null, true, 'é'] }]);
    expect(calls.map(({ name }) => name)).toEqual(['echo', 'echo']);
  });

  test.each([
    ['too many arguments', 'echo(1, 2)', 'TypeError: echo() takes 1 arguments, 2 were given'],
    ['an unknown argument', 'echo(other=1)', 'TypeError: echo() takes value, each once; found other'],
    ['what is no data', 'echo(print)', 'TypeError: a tool takes text, numbers, lists and dicts'],
    ['no number', 'echo(float("nan"))', 'ValueError'],
    ['no such tool', 'search("x")', 'NameError'],
  ])('refuse %s', async (_, code, message) => {
    const { error, calls } = await run(code, [createEchoTool().tool]);
    expect(error).toContain(message);
    expect(calls).toEqual([]);
  });

  test('arguments and answers are kept as they survive JSON', async () => {
    const { calls } = await run('echo([10 ** 400, -0.0])', [createEchoTool().tool]);
    expect(calls).toStrictEqual([{ name: 'echo', arguments: { value: [null, 0] }, value: [null, 0] }]);
  });

  test('data nested too deep is an error of the code, and nothing of it is kept', async () => {
    const { tool, seen } = createEchoTool();
    const code = 'x = []\nfor i in range(200): x = [x]\ntry:\n  echo(x)\nexcept RuntimeError as error:\n  print(error)';
    const { stdout, calls } = await run(code, [tool]);
    expect(stdout).toBe('data of a tool may be nested 100 deep, not deeper\n');
    expect([calls, seen]).toEqual([[], []]);
  });

  test('a tool that throws is an error of the code; one that fails as the world fails the action', async () => {
    const failing = (error: Error): CodeTool => ({ ...createEchoTool().tool, run: () => Promise.reject(error) });
    const code = 'x = 1\ntry:\n  echo(1)\nexcept RuntimeError as error:\n  print(error)';
    expect(await run(code, [failing(new Error('no such page'))])).toMatchObject({ stdout: 'no such page\n' });
    await expect(run(code, [failing(new EnvironmentError('the index is gone'))])).rejects.toThrow('the index is gone');
    expect((await run('x')).error).toContain('NameError');
  });

  test('a tool that does not answer is given up', async () => {
    const silent: CodeTool = { ...createEchoTool().tool, run: () => new Promise(() => undefined) };
    await expect(run('echo(1)', [silent])).rejects.toThrow('no answer in time');
    expect(await run('1')).toMatchObject({ value: '1' });
  });

  test('a name taken by the code is given back at the next action', async () => {
    await run('echo = final_answer = print = None', [createEchoTool().tool]);
    expect(await run('final_answer(echo(3))', [createEchoTool().tool])).toMatchObject({ answer: '3' });
  });
});

describe('limits', () => {
  test.each([
    ['a loop', 'while True: pass'],
    ['a loop that catches everything', 'while True:\n  try:\n    while True: pass\n  except BaseException: pass'],
    ['a regular expression that backtracks', 'import re\nre.match("(a*)*b", "a" * 40)'],
    ['a power too large', 'x = 9 ** 9 ** 7'],
    ['a flood of prints', 'while True: print("x" * 1000)'],
    ['a sleep', 'import time\nwhile True: time.sleep(3600)'],
  ])('%s is stopped without a trace', async (_, code) => {
    await run('x = 1');
    const { error, lost } = await run(code);
    expect(error).toMatch(/^Stopped: the code took too (many steps|long)/);
    expect(lost).toBe(true);
    expect(python.alive).toBe(true);
    expect((await run('x')).error).toContain('NameError');
  });

  test.each([
    ['a single allocation', 'x = bytearray(10 ** 9)'],
    ['many', 'x = []\nwhile True: x.append(bytearray(10 ** 6))'],
    ['a long text', 'x = "ab" * 10 ** 9'],
    ['a long list', 'x = [0] * 10 ** 9'],
  ])('memory: %s ends in an error', async (_, code) => {
    expect((await run(code)).error).toMatch(/^(MemoryError|Stopped)/);
    await python.reset();
    expect(await run('len(bytearray(10 ** 7))')).toMatchObject({ value: '10000000' });
  });

  test('recursion ends in an error', async () => {
    expect((await run('def f(): return f()\nf()')).error).toContain('RecursionError');
  });

  test('numbers of too many digits are not shown', async () => {
    expect((await run('10 ** 5000')).error).toContain('ValueError');
  });
});

test('the reset brings back every byte of memory', async () => {
  const clean = await python.fingerprint();
  await run('import json, random\nx = [random.random() for _ in range(1000)]\njson.dumps = None');
  expect(await python.fingerprint()).not.toBe(clean);
  await python.reset();
  expect(await python.fingerprint()).toBe(clean);
});

test('one action at a time', async () => {
  const first = run('1');
  await expect(run('2')).rejects.toThrow('one action at a time');
  expect(await first).toMatchObject({ value: '1' });
});

test('a second process starts from the same bytes, so that a state can move there; one that never comes back is killed', async () => {
  const other = await startPython({ timeout: 4000, toolTimeout: 300, maxOperations: 5_000_000, memory: 96 });
  await python.reset();
  expect(await other.fingerprint()).toBe(await python.fingerprint());
  // A loop in C asks nobody whether to go on: only the end of the process ends it.
  const stuck = await other.run({ code: 'sum(iter(int, 1))' });
  expect(stuck).toMatchObject({ lost: true, error: expect.stringContaining('took too long') });
  expect(other.alive).toBe(false);
  await expect(other.reset()).rejects.toThrow('ended');
}, 300_000);

test('wheels of the user are installed; nothing else is looked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dgpo-wheel-'));
  const wheel = join(folder, 'greeting-1.0-py3-none-any.whl');
  await writeFile(
    wheel,
    storedZip({
      'greeting/__init__.py': 'from .words import farewell, hello\n',
      'greeting/later.py': 'goodbye = "goodbye"\n',
      'greeting/words.py':
        'def farewell():\n    from .later import goodbye\n    return goodbye\n\nhello = "hello from a wheel"\n',
      'greeting-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n',
      'greeting-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
      'greeting-1.0.dist-info/RECORD': '',
    }),
  );
  const wheels = [wheel];
  const own = await createPythonInterpreter({ wheels, imports: ['greeting', 'collections'] });
  expect(await own.run({ code: 'from greeting import hello\nhello' })).toMatchObject({ value: 'hello from a wheel' });
  expect(await own.run({ code: 'import greeting\ngreeting.farewell()' })).toMatchObject({ value: 'goodbye' });
  expect(await own.run({ code: 'from greeting.later import goodbye\ngoodbye' })).toMatchObject({ value: 'goodbye' });
  expect((await own.run({ code: 'import greeting.missing' })).error).toContain("No module named 'greeting.missing'");
  expect((await own.run({ code: 'import greetings' })).error).toContain('the module greetings is not allowed here');
  expect((await own.run({ code: 'import collections.abc' })).error).toContain(
    'the module collections.abc is not allowed here',
  );
  expect((await own.run({ code: 'import math' })).error).toContain(
    'the module math is not allowed here; these are: collections, greeting',
  );
  await own.close();
  await expect(createPythonInterpreter({ wheels: [`${wheel}x`] })).rejects.toThrow('there is no file');
  await expect(createPythonInterpreter({ imports: ['numpy'] })).rejects.toThrow(
    'imports: ImportError: the module numpy does not load',
  );
  await rm(folder, { recursive: true });
}, 300_000);

test.each([
  [{ timeout: 0 }, 'timeout'],
  [{ memory: 1 }, 'memory'],
  [{ maxOutput: 10 ** 9 }, 'maxOutput'],
  [{ imports: ['os; x'] }, 'imports'],
])('options %j are refused', async (options, where) => {
  await expect(createPythonInterpreter(options)).rejects.toThrow(where);
  await expect(createPythonInterpreter(options)).rejects.toBeInstanceOf(ConfigError);
});
