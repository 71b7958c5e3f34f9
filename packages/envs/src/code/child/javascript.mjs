/**
 * A JavaScript interpreter in a process of its own: QuickJS as WebAssembly. Each episode gets a new instance with a memory of its own, so
 * nothing of the one before can be in it. Only text crosses to the host.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { closeFiles, harden, now, receive, resetSenses, send } from './border.mjs';

const setup = receive();
const { coreUrl, variantUrl, wasmPath, memoryBytes } = setup;
const driver = readFileSync(new URL('./javascript-driver.js', import.meta.url), 'utf8');
const compiled = await WebAssembly.compile(readFileSync(wasmPath));

harden();

/** All calls of an action together: the parent keeps them, so that the action can be played again. */
const maxCallCharacters = 1024 * 1024;
const maxCalls = 200;
const { newQuickJSWASMModuleFromVariant, newVariant } = await import(coreUrl);
const { default: variant } = await import(variantUrl);

/** What ends an action from outside. */
class Stopped extends Error {}

/** Keeps the first and the last half of what is printed. */
function createLog(limit) {
  const half = Math.floor(limit / 2);
  let head = '';
  let tail = '';
  let total = 0;
  return {
    write(text) {
      total += text.length;
      const room = half - head.length;
      head += text.slice(0, room);
      tail += text.slice(room);
      if (tail.length > 4 * half) tail = tail.slice(-half);
    },
    text: () =>
      total <= limit ? head + tail : `${head}\n[${total - 2 * half} characters left out here]\n${tail.slice(-half)}`,
  };
}

function cut(text, limit) {
  const log = createLog(limit);
  log.write(text);
  return log.text();
}

let calls = 0;
let callCharacters = 0;
let ticks = 0;
let limits = { deadline: 0, maxTicks: 0 };
/** @type {string | null} */
let stopped = null;
let log = createLog(0);
/** The first answer that was given. @type {string | null} */
let given = null;
/** @type {any} */
let machine;

function interrupt() {
  ticks += 1;
  if (ticks > limits.maxTicks) stopped ??= 'operations';
  else if (now() > limits.deadline) stopped ??= 'time';
  return stopped !== null;
}

function callTool(text) {
  callCharacters += text.length;
  if (callCharacters > maxCallCharacters || ++calls > maxCalls) {
    stopped ??= 'broken';
    throw new Stopped('too many or too long calls');
  }
  const started = now();
  send({ type: 'call', text });
  const answer = receive();
  if (answer.type === 'stop') {
    stopped ??= 'tool';
    throw new Stopped('tool');
  }
  // Waiting for a tool is its own time, which the parent limits.
  limits.deadline += now() - started;
  return JSON.stringify(answer);
}

async function reset() {
  resetSenses();
  const pages = Math.ceil(memoryBytes / 65536);
  const memory = new WebAssembly.Memory({ initial: 256, maximum: pages });
  const core = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmModule: compiled, wasmMemory: memory }));
  const runtime = core.newRuntime();
  // QuickJS refuses before its WebAssembly memory ends, so that running out is an error that code can meet.
  runtime.setMemoryLimit(Math.floor(memoryBytes * 0.9));
  runtime.setMaxStackSize(256 * 1024);
  stopped = null;
  limits = { deadline: Number.POSITIVE_INFINITY, maxTicks: Number.POSITIVE_INFINITY };
  runtime.setInterruptHandler(interrupt);
  const context = runtime.newContext();
  const host = context.newObject();
  const offer = (name, work) => {
    const handle = context.newFunction(name, (value) => {
      const result = work(context.getString(value));
      return result === undefined ? context.undefined : context.newString(result);
    });
    context.setProp(host, name, handle);
    handle.dispose();
  };
  offer('print', (text) => log.write(text));
  offer('answer', (text) => {
    given ??= text;
  });
  offer('call', callTool);
  const make = context.unwrapResult(context.evalCode(driver, 'driver'));
  const made = context.unwrapResult(context.callFunction(make, context.undefined, host));
  const [show, describe, prepare] = ['show', 'describe', 'prepare'].map((name) => context.getProp(made, name));
  machine = { memory, runtime, context, show, describe, prepare };
}

/** The text that an inner function makes of a value; null for none. */
function textOf(work, value) {
  const { context, describe } = machine;
  const called = context.callFunction(work, context.undefined, value);
  const handle = called.error ?? called.value;
  const text = called.error === undefined && context.typeof(handle) === 'string' ? context.getString(handle) : null;
  handle.dispose();
  if (called.error !== undefined)
    return work === describe ? 'an error that cannot be shown' : 'a value that cannot be shown';
  return text;
}

function evaluate({ code, tools, maxOutput, maxValue, maxError }) {
  const { runtime, context, show, describe, prepare } = machine;
  log = createLog(maxOutput);
  const list = context.newString(JSON.stringify(tools));
  context.unwrapResult(context.callFunction(prepare, context.undefined, list)).dispose();
  list.dispose();
  const run = context.evalCode(code, '<code>');
  const jobs = stopped === null ? runtime.executePendingJobs(100_000) : undefined;
  let value = null;
  let error = null;
  if (given === null) {
    if (run.error !== undefined) error = cut(textOf(describe, run.error) ?? '', maxError);
    else if (jobs?.error !== undefined) error = cut(textOf(describe, jobs.error) ?? '', maxError);
    else value = textOf(show, run.value);
  }
  (run.error ?? run.value).dispose();
  const answer = given === null ? null : cut(given, maxValue);
  return { stdout: log.text(), value: value === null ? null : cut(value, maxValue), error, answer };
}

async function run({ request, timeout, maxOperations }) {
  calls = 0;
  callCharacters = 0;
  ticks = 0;
  stopped = null;
  given = null;
  // QuickJS asks after every 10,000 jumps and calls.
  limits = { deadline: now() + timeout, maxTicks: Math.ceil(maxOperations / 10_000) };
  try {
    const result = evaluate(request);
    if (stopped === null) return { type: 'result', text: JSON.stringify(result) };
  } catch {
    stopped ??= 'broken';
  }
  const reason = stopped;
  await reset();
  return { type: 'lost', reason };
}

await reset();
closeFiles();
send({ type: 'ready' });
while (true) {
  const message = receive();
  if (message.type === 'run') send(await run(message));
  else if (message.type === 'reset') {
    await reset();
    send({ type: 'reset' });
  } else {
    const value = createHash('sha256').update(new Uint8Array(machine.memory.buffer)).digest('hex');
    send({ type: 'fingerprint', value });
  }
}
