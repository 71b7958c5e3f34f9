/**
 * A Python interpreter in a process of its own: pyodide, cut off from JavaScript. WebAssembly can reach outside only through the
 * functions that it is given; once Python has started, all of them are refused but the few of `open` below. So neither a forgotten
 * reference to a JavaScript object nor a call of `ctypes` finds a way out, and what Python can change lies in its linear memory alone:
 * putting back a copy of that memory takes an episode back to the start.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { closeFiles, fillBytes, harden, now, receive, resetSenses, send } from './border.mjs';

const setup = receive();
const { pyodideUrl, imports, wheels, memoryBytes } = setup;
const driver = readFileSync(new URL('./python-driver.py', import.meta.url), 'utf8');
const archives = wheels.map((path) => new Uint8Array(readFileSync(path)));

harden();

/** Errors of WASI and Emscripten: operation not permitted; a bad file number. */
const notPermitted = 63;
const maxResultBytes = 2 * 1024 * 1024;
/** All calls of an action together: the parent keeps them, so that the action can be played again. */
const maxCallBytes = 1024 * 1024;
const maxCalls = 200;

let sealed = false;
/** @type {any} */
let python;
let inbox = new Uint8Array(0);
let inboxAt = 0;
let outbox = new Uint8Array(0);
let calls = 0;
let callBytes = 0;
let ticks = 0;
let limits = { deadline: 0, maxTicks: 0 };

/** What ends an action from outside; Python cannot catch it. */
class Stopped extends Error {}

const fill = (message) => {
  inbox = Buffer.from(JSON.stringify(message), 'utf8');
  inboxAt = 0;
};

/** Bounds are those of the typed array: a wild pointer gives a RangeError or nothing. */
const vectors = (heap32, at, count) =>
  Array.from({ length: Math.min(count, 64) }, (_, index) => [
    heap32[(at >>> 2) + 2 * index] >>> 0,
    heap32[(at >>> 2) + 2 * index + 1] >>> 0,
  ]);

function write(fd, at, count, written) {
  const { HEAPU8, HEAPU32 } = python._module;
  const parts = vectors(HEAPU32, at, count);
  const length = parts.reduce((sum, [, size]) => sum + size, 0);
  HEAPU32[written >>> 2] = length;
  if (fd === 2) return 0;
  if (fd !== 1 && fd !== 3) return notPermitted;
  if (length > (fd === 1 ? maxResultBytes : maxCallBytes - callBytes)) throw new Stopped('the message is too long');
  const bytes = Buffer.concat(parts.map(([start, size]) => HEAPU8.slice(start, start + size)));
  if (fd === 1) {
    outbox = bytes;
    return 0;
  }
  callBytes += length;
  if (++calls > maxCalls) throw new Stopped(`more than ${maxCalls} calls of tools`);
  const started = now();
  send({ type: 'call', text: bytes.toString('utf8') });
  const answer = receive();
  if (answer.type === 'stop') throw new Stopped('tool');
  fill(answer);
  // Waiting for a tool is its own time, which the parent limits.
  limits.deadline += now() - started;
  return 0;
}

function read(fd, at, count, done) {
  if (fd !== 0) return notPermitted;
  const { HEAPU8, HEAPU32 } = python._module;
  let total = 0;
  for (const [start, size] of vectors(HEAPU32, at, count)) {
    const bytes = inbox.subarray(inboxAt, inboxAt + size);
    HEAPU8.set(bytes, start);
    inboxAt += bytes.length;
    total += bytes.length;
  }
  HEAPU32[done >>> 2] = total;
  return 0;
}

function tick() {
  ticks += 1;
  if (ticks > limits.maxTicks) throw new Stopped('operations');
  if ((ticks & 63) === 0 && now() > limits.deadline) throw new Stopped('time');
  return 0;
}

/** What stays reachable: input and output as bytes, the false clock, false chance, memory up to the limit. */
const open = {
  fd_read: () => read,
  fd_write: () => write,
  random_get: () => (at, count) => {
    fillBytes(python._module.HEAPU8.subarray(at >>> 0, (at >>> 0) + (count >>> 0)));
    return 0;
  },
  emscripten_resize_heap: (original) => (size) => (size >>> 0 > memoryBytes ? 0 : original(size)),
  _Py_CheckEmscriptenSignals_Helper: () => tick,
  can_run_sync_js: () => () => 0,
  // Sleeping is looking at the clock until it is late enough.
  emscripten_get_now: (original) => () => tick() + original(),
  ...Object.fromEntries(
    ['clock_time_get', 'emscripten_date_now', '_localtime_js', '_gmtime_js', '_PyEM_TrampolineCall_JS'].map((name) => [
      name,
      (original) => original,
    ]),
  ),
};

function refuse(name) {
  if (name.startsWith('__syscall_')) return () => -notPermitted;
  if (name.startsWith('fd_') || name === '_emscripten_system') return () => notPermitted;
  return () => {
    throw new Stopped(`${name} is out of reach`);
  };
}

const instantiate = WebAssembly.instantiate.bind(WebAssembly);

/** Every function that WebAssembly is given asks first whether Python has been sealed. */
function guardImports(module, given) {
  const own = {};
  for (const { module: space, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') continue;
    const original = given[space][name];
    // Functions of other WebAssembly modules are inside already.
    if (typeof original !== 'function' || /^function \d+\(/.test(Function.prototype.toString.call(original))) continue;
    const afterwards = Object.hasOwn(open, name) ? open[name](original) : refuse(name);
    own[space] ??= Object.create(null);
    own[space][name] = (...values) => (sealed ? afterwards(...values) : original(...values));
  }
  const guarded = { ...given };
  for (const [space, functions] of Object.entries(own)) {
    guarded[space] = new Proxy(functions, { get: (target, name) => target[name] ?? given[space][name] });
  }
  return guarded;
}

WebAssembly.instantiate = async (source, given) => {
  const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
  const instance = await instantiate(module, guardImports(module, given));
  return source instanceof WebAssembly.Module ? instance : { module, instance };
};
const { Instance } = WebAssembly;
WebAssembly.Instance = function GuardedInstance(module, given) {
  return new Instance(module, given === undefined ? undefined : guardImports(module, given));
};
WebAssembly.Instance.prototype = Instance.prototype;
// Only the ways above are guarded.
Object.assign(WebAssembly, { instantiateStreaming: undefined });

// Python would keep the path of this file, and LANG the host's language: neither is its business, nor the same everywhere.
process.argv[1] = '/python';
const { loadPyodide } = await import(pyodideUrl);
python = await loadPyodide({
  jsglobals: Object.create(null),
  env: { PYTHONHASHSEED: '0', HOME: '/', LANG: 'C.UTF-8' },
  stdout: () => undefined,
  stderr: () => undefined,
});
for (const archive of archives) python.unpackArchive(archive, 'wheel', { extractDir: '/wheels' });
python.runPython(driver);
const options = JSON.stringify(JSON.stringify({ imports, maxDigits: setup.maxDigits }));
try {
  python.runPython(`_boot(__import__("json").loads(${options}))`);
} catch (error) {
  send({ type: 'refused', message: String(error?.message).trim().split('\n').at(-1) });
  process.reallyExit(2);
}

const { _module: core } = python;
const bytesOf = (text) => {
  const bytes = Buffer.from(`${text}\0`, 'utf8');
  const at = core._malloc(bytes.length);
  core.HEAPU8.set(bytes, at);
  return at;
};
const command = bytesOf('_serve()');

/** Modules that could call any function of the process by address, or load code, lose their names. */
const closedModules = [
  '_ctypes',
  '_pyodide_core',
  '_posixsubprocess',
  '_socket',
  'mmap',
  'faulthandler',
  '_remote_debugging',
];
for (let at = core.HEAPU32[core._PyImport_Inittab >>> 2]; core.HEAPU32[at >>> 2] !== 0; at += 8) {
  const start = core.HEAPU32[at >>> 2];
  const name = Buffer.from(core.HEAPU8.subarray(start, core.HEAPU8.indexOf(0, start))).toString('latin1');
  if (closedModules.includes(name) || name.startsWith('_test') || name.startsWith('_xx')) core.HEAPU8[start] = 0x3f;
}
core.HEAP32[core._Py_EMSCRIPTEN_SIGNAL_HANDLING >>> 2] = 1;
closeFiles();

const stack = core.___stack_pointer.value;
const image = core.HEAPU8.slice();
sealed = true;

/** Takes Python back to where it was when it had started, byte by byte. */
function reset() {
  core.HEAPU8.fill(0, image.length);
  core.HEAPU8.set(image);
  core.___stack_pointer.value = stack;
  resetSenses();
}

function run({ request, timeout, maxOperations }) {
  fill(request);
  outbox = new Uint8Array(0);
  calls = 0;
  callBytes = 0;
  ticks = 0;
  // One tick stands for about 50 steps of the interpreter.
  limits = { deadline: now() + timeout, maxTicks: Math.ceil(maxOperations / 50) };
  try {
    const status = core._PyRun_SimpleString(command);
    if (status === 0 && outbox.length > 0) return { type: 'result', text: Buffer.from(outbox).toString('utf8') };
    reset();
    return { type: 'lost', reason: 'broken' };
  } catch (error) {
    reset();
    const reason =
      error instanceof Stopped && ['time', 'operations'].includes(error.message) ? error.message : 'broken';
    return { type: 'lost', reason };
  }
}

reset();
send({ type: 'ready' });
while (true) {
  const message = receive();
  if (message.type === 'run') send(run(message));
  else if (message.type === 'reset') {
    reset();
    send({ type: 'reset' });
  } else
    send({
      type: 'fingerprint',
      value: createHash('sha256').update(core.HEAPU8.subarray(0, image.length)).digest('hex'),
    });
}
