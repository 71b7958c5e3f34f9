import { EnvironmentError } from '@dgpo/trajectory';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEchoTool, createSurroundings } from './__fixtures__/surroundings.js';
import type { CodeTool } from './code-interpreter.js';
import { startJavaScript } from './javascript-interpreter.js';

let javascript: Awaited<ReturnType<typeof startJavaScript>>;
let clean: string;
let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  around = await createSurroundings();
  javascript = await startJavaScript({ timeout: 4000, toolTimeout: 300, maxOperations: 5_000_000, memory: 64 });
  clean = await javascript.fingerprint();
}, 120_000);
afterAll(async () => {
  await javascript.close();
  await around.close();
});
// Whatever an action has done, the next episode starts from the same bytes, in the same process.
afterEach(async () => {
  expect(javascript.alive).toBe(true);
  await javascript.reset();
  expect(await javascript.fingerprint()).toBe(clean);
});

const run = (code: string, tools: CodeTool[] = []) => javascript.run({ code, tools });

async function attack(code: string) {
  const { tool, seen } = createEchoTool();
  const result = await run(code, [tool]);
  expect(await around.damage([result, seen])).toEqual([]);
  return { result, seen };
}

describe('what an action gives', () => {
  test.each([
    ['prints and the last value', 'console.log("a", [1, 2]); 2 + 3', { stdout: 'a [1,2]\n', value: '5' }],
    ['an object as JSON', '({ a: [1] })', { value: '{"a":[1]}' }],
    ['no value of undefined', 'undefined', { value: null }],
    [
      'an error with its line',
      'var x = 1;\nnull.y',
      { error: "TypeError: cannot read property 'y' of null in line 2" },
    ],
    ['something thrown', 'throw { a: 1 }', { error: 'thrown: {"a":1}' }],
    ['a syntax error', 'function f( {', { error: 'SyntaxError: invalid property name in line 1' }],
    ['an answer', 'final_answer(6 * 7)', { answer: '42', value: null, error: null }],
    ['an answer although it is caught', 'try { final_answer("a") } catch {} 5', { answer: 'a', value: null }],
    ['what a promise prints', 'Promise.resolve(3).then((x) => print(x)); 0', { stdout: '3\n' }],
    ['an error of a later job', 'Promise.reject(new Error("late")); 1', { value: '1' }],
    ['text of every script', 'print("Zürich 東京 🎉")', { stdout: 'Zürich 東京 🎉\n' }],
  ])('%s', async (_, code, expected) => {
    expect(await run(code)).toMatchObject({ ...expected, lost: false });
  });

  test('variables live on until the reset', async () => {
    await run('var a = 1; let b = 2; function f() { return a + b }');
    expect(await run('f()')).toMatchObject({ value: '3' });
    await javascript.reset();
    expect(await run('typeof f')).toMatchObject({ value: 'undefined' });
  });

  test('long prints and values lose their middle', async () => {
    const { stdout, value } = await run('for (let i = 0; i < 8000; i++) print("line", i); "v".repeat(50000)');
    expect(stdout.length).toBeLessThanOrEqual(50_100);
    expect(stdout).toMatch(/^line 0\n[\s\S]*\n\[\d+ characters left out here\]\n[\s\S]*line 7999\n$/);
    expect(value).toBe(`${'v'.repeat(10_000)}\n[30000 characters left out here]\n${'v'.repeat(10_000)}`);
  });

  test('clock and chance are the same in every episode', async () => {
    const code = '[Date.now(), new Date().toString(), Math.random()].join()';
    const { value } = await run(code);
    expect(value).toContain('2020');
    await javascript.reset();
    expect(await run(code)).toMatchObject({ value });
  });
});

describe('tools', () => {
  test('are called with data both ways', async () => {
    const { tool, seen } = createEchoTool();
    const { value, calls } = await run('echo({ x: [1, null, true, "é", undefined] }).x', [tool]);
    expect(value).toBe('[1,null,true,"é",null]');
    expect(seen).toEqual([{ value: { x: [1, null, true, 'é', null] } }]);
    expect(calls).toHaveLength(1);
  });

  test('a tool that throws is an error of the code; one that fails as the world fails the action', async () => {
    const failing = (error: Error): CodeTool => ({ ...createEchoTool().tool, run: () => Promise.reject(error) });
    const code = 'var x = 1; try { echo(1) } catch (error) { print(error.message) }';
    expect(await run(code, [failing(new Error('no such page'))])).toMatchObject({ stdout: 'no such page\n' });
    await expect(run(code, [failing(new EnvironmentError('the index is gone'))])).rejects.toThrow('the index is gone');
    expect(await run('typeof x')).toMatchObject({ value: 'undefined' });
  });

  test('a tool that does not answer is given up', async () => {
    const silent: CodeTool = { ...createEchoTool().tool, run: () => new Promise(() => undefined) };
    await expect(run('echo(1)', [silent])).rejects.toThrow('no answer in time');
    expect(await run('1')).toMatchObject({ value: '1' });
  });
});

describe('limits', () => {
  test.each([
    ['a loop', 'for (;;);'],
    ['a flood of prints', 'for (;;) print("x".repeat(1000))'],
    ['a loop that catches everything', 'for (;;) { try { for (;;); } catch {} finally { for (;;); } }'],
    ['a regular expression that backtracks', '/(a*)*b/.exec("a".repeat(40))'],
    ['recursion without an end in jobs', 'const f = () => Promise.resolve().then(f); f(); for (;;);'],
    ['an iterator without an end', '[...{ *[Symbol.iterator]() { for (;;) yield 1 } }]'],
    ['a getter without an end', '({ get x() { for (;;); } }).x'],
    ['a sort that never agrees', 'Array.from({ length: 1e5 }, (_, i) => i).sort(() => { for (;;); })'],
  ])('%s is stopped without a trace', async (_, code) => {
    await run('var x = 1');
    const { error } = await run(code);
    expect(error).toMatch(/^(Stopped|InternalError)/);
    await javascript.reset();
    expect(await run('typeof x')).toMatchObject({ value: 'undefined' });
  });

  test.each([
    ['many arrays', 'const l = []; for (;;) l.push(new Uint8Array(1e6))'],
    ['one array', 'new Uint8Array(1e9)'],
    ['a text', '"ab".repeat(2 ** 28)'],
    ['a text that doubles', 'let s = "ab"; for (;;) s += s'],
    ['a large number', '2n ** 10000000000n'],
  ])('memory: %s ends in an error', async (_, code) => {
    expect((await run(code)).error).toMatch(/^(InternalError|RangeError|Stopped|thrown: null)/);
    await javascript.reset();
    expect(await run('new Uint8Array(1e7).length')).toMatchObject({ value: '10000000' });
  });

  test('recursion ends in an error', async () => {
    expect((await run('(function f() { return f() + 1 })()')).error).toMatch(
      /^(InternalError: stack overflow|Stopped)/,
    );
  });
});

describe('there is no way out by', () => {
  const noProcess = 'typeof found === "undefined" ? "nothing" : typeof found';
  test.each([
    ['the constructor of functions', 'Function("return globalThis.process")()'],
    ['the constructor of a function', '(() => {}).constructor.constructor("return globalThis.process")()'],
    [
      'the constructor of async functions',
      '(async () => {}).constructor("globalThis.got = globalThis.process")() && globalThis.got',
    ],
    ['the constructor of generators', '(function* () {}).constructor("return globalThis.process")().next().value'],
    ['the constructor of what a tool gives', 'echo({}).constructor.constructor("return globalThis.process")()'],
    ['the constructor of a tool', 'echo.constructor("return globalThis.process")()'],
    ['the constructor of console.log', 'console.log.constructor("return globalThis.process")()'],
    [
      'the constructor of an error',
      '(() => { try { echo(() => 1n, 2) } catch (e) { return e.constructor.constructor("return globalThis.process")() } })()',
    ],
    [
      'the error of a host function',
      '(() => { try { echo({ toJSON() { throw this } }) } catch (e) { return e.process } })()',
    ],
    ['eval', '(0, eval)("globalThis.process")'],
    ['the caller of a tool', '(function f() { return f.caller })()'],
    [
      'the stack of an error',
      '(Error.prepareStackTrace = (_, frames) => frames[0]?.getThis?.(), new Error().stack?.process)',
    ],
    [
      'the global object',
      'globalThis.process ?? globalThis.require ?? globalThis.module ?? globalThis.host ?? globalThis.WebAssembly ?? globalThis.fetch',
    ],
  ])('%s', async (_, code) => {
    const { result } = await attack(`var found = ${code}; ${noProcess}`);
    if (result.error === null) expect(result.value).toBe('nothing');
  });

  test.each([
    ['import of Node', 'import("node:fs").then((fs) => print(fs.readFileSync), (error) => print("refused"))'],
    [
      'import of the modules of QuickJS',
      'import("std").then((std) => print(std.loadFile), () => import("os").then(print, () => print("refused")))',
    ],
    ['import of a file', 'import("/etc/passwd").then(print, () => print("refused"))'],
  ])('%s', async (_, code) => {
    expect((await attack(`${code}; 0`)).result.stdout).toBe('refused\n');
  });

  test.each([
    ['a static import', 'import fs from "node:fs"'],
    ['meta', 'import.meta.url'],
    ['require', 'require("fs")'],
    ['process', 'process.env.DGPO_TEST_SECRET'],
    ['a shared buffer to wait on', 'Atomics.wait(new Int32Array(new SharedArrayBuffer(8)), 0, 0)'],
  ])('%s', async (_, code) => {
    expect((await attack(code)).result.error).not.toBeNull();
  });
});

describe('across the border', () => {
  test('keys of prototypes stay data, and the host keeps its own', async () => {
    const { result, seen } = await attack(`
      print(echo(JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')).constructor.prototype.polluted);
      Object.prototype.polluted = 1; Array.prototype.polluted = 1;
      echo({ a: 1 }).a`);
    expect(result).toMatchObject({ stdout: '1\n', value: '1' });
    expect(seen).toHaveLength(2);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  test('a forged argument is refused', async () => {
    const { tool, seen } = createEchoTool();
    const forging = { ...tool, parameters: ['value', '__proto__'] };
    await run('echo(1, { polluted: 1 })', [forging]);
    expect(seen.every((given) => Object.getPrototypeOf(given) === Object.prototype)).toBe(true);
    expect('polluted' in {}).toBe(false);
  });

  test.each([
    ['toJSON', 'final_answer({ toJSON() { return "made up" } })'],
    ['a getter that throws', 'final_answer({ get x() { throw new Error("no") } })'],
    ['a getter that never ends', '({ get x() { for (;;); } })'],
    ['a proxy', 'final_answer(new Proxy({}, { get() { throw 1 }, ownKeys() { return ["a", "a"] } }))'],
    ['a proxy as the last value', 'new Proxy(function () {}, { apply() { throw 1 }, get() { for (;;); } })'],
    ['a value that is nested deep', 'let x = []; for (let i = 0; i < 1e5; i++) x = [x]; x'],
    ['an argument that is nested deep', 'let x = []; for (let i = 0; i < 1e5; i++) x = [x]; echo(x)'],
    ['a chain of proxies', 'let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p.x'],
    ['a value with a method then', '({ then(resolve) { for (;;); } })'],
    ['a sparse array', 'const sparse = []; sparse.length = 2 ** 32 - 1; sparse'],
    [
      'a global object behind a proxy',
      'Object.setPrototypeOf(globalThis, new Proxy({}, { get() { throw 1 }, has() { return true } })); 1',
    ],
    ['a cycle', 'const o = {}; o.o = o; o'],
    ['an error with a getter', 'class E extends Error { get message() { throw this } } throw new E()'],
    ['an error whose name never ends', 'class E extends Error { get name() { for (;;); } } throw new E()'],
    ['a symbol', 'Symbol("x")'],
    ['a text of a million characters', 'final_answer("x".repeat(1e6))'],
    ['an argument of ten million', 'echo("x".repeat(1e7))'],
    ['ten arguments of 200,000', 'for (let i = 0; i < 10; i++) echo("x".repeat(2e5))'],
    ['many long answers', 'for (let i = 0; i < 100; i++) { try { final_answer("x".repeat(4e6)) } catch {} }'],
    ['one long print', 'print("x".repeat(4e7))'],
    ['a thousand calls', 'for (let i = 0; i < 1000; i++) echo(i)'],
    ['lone surrogates', 'final_answer("\\ud800")'],
  ])('%s is text in the end', async (_, code) => {
    const { result } = await attack(code);
    for (const part of [result.value, result.error, result.answer]) {
      expect(part === null || (typeof part === 'string' && part.length < 21_000)).toBe(true);
    }
  });
});

test.each([
  [
    'globals',
    'globalThis.kept = 1; JSON.parse = JSON.stringify = null; globalThis.console = null; globalThis.Error = null',
  ],
  [
    'prototypes',
    'for (const type of [Object, Array, String, Function, Error, RegExp]) for (const name of Object.getOwnPropertyNames(type.prototype)) { try { type.prototype[name] = () => "poisoned" } catch {} }',
  ],
  [
    'getters on the global object',
    'Object.defineProperty(globalThis, "echo", { get() { for (;;); }, configurable: false })',
  ],
  ['a frozen world', 'Object.freeze(globalThis); Object.freeze(Object.prototype)'],
  [
    'pending jobs',
    'Promise.resolve().then(function again() { globalThis.count = (globalThis.count ?? 0) + 1; return Promise.resolve().then(again) })',
  ],
  ['memory', 'globalThis.l = []; try { for (;;) l.push(new Uint8Array(1e6)) } catch {}'],
])('poisoned %s do not reach the next episode', async (_, code) => {
  await attack(code);
  await javascript.reset();
  const { tool } = createEchoTool();
  const probe =
    'console.log([typeof kept, typeof count, [3, 1].sort().join(), new Uint8Array(3e7).length]); echo({ a: "b".toUpperCase() }).a';
  expect(await run(probe, [tool])).toMatchObject({
    error: null,
    stdout: '["undefined","undefined","1,3",30000000]\n',
    value: 'B',
  });
});

test('one that is closed while it runs says so', async () => {
  const other = await startJavaScript({ timeout: 60_000, maxOperations: 10 ** 12 });
  const running = expect(other.run({ code: 'for (;;);' })).rejects.toThrow("the interpreter's process ended");
  await other.close();
  await running;
  expect(other.alive).toBe(false);
});
