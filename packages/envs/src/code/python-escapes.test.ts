import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createEchoTool, createSurroundings } from './__fixtures__/surroundings.js';
import { startPython } from './python-interpreter.js';

let python: Awaited<ReturnType<typeof startPython>>;
let clean: string;
let around: Awaited<ReturnType<typeof createSurroundings>>;
beforeAll(async () => {
  around = await createSurroundings();
  python = await startPython({ timeout: 5000, maxOperations: 20_000_000, memory: 96 });
  clean = await python.fingerprint();
}, 300_000);
afterAll(async () => {
  await python.close();
  await around.close();
});
// Whatever an attempt has done, the next episode starts from the same bytes, in the same process.
afterEach(async () => {
  expect(python.alive).toBe(true);
  await python.reset();
  expect(await python.fingerprint()).toBe(clean);
});

/** Real modules behind the list of imports, by a walk over the subclasses of `object`. */
const walk = `
importer = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == "BuiltinImporter"][0]
def load(name): return importer.load_module(name)
tried = []
def attempt(name, work):
    try:
        tried.append([name, "gave " + str(work())])
    except Exception as error:
        tried.append([name, type(error).__name__ + " " + str(error)])
`;

/** Runs an attempt, and holds that nothing around has been read or changed. */
async function attack(code: string) {
  const { tool, seen } = createEchoTool();
  const fill = { FOLDER: around.folder, SECRET_FILE: around.secretFile, PORT: String(around.port) };
  const filled = Object.entries(fill).reduce((text, [name, value]) => text.replaceAll(name, value), walk + code);
  const result = await python.run({ code: filled, tools: [tool] });
  expect(await around.damage([result, seen])).toEqual([]);
  return { result, seen };
}

test('a walk over subclasses finds modules of the system, and none of their calls gets out', async () => {
  const { result } = await attack(`
posix = load("posix")
attempt("system", lambda: posix.system("touch FOLDER/made"))
attempt("read", lambda: posix.read(posix.open("SECRET_FILE", 0), 100))
attempt("write", lambda: posix.open("FOLDER/made", 65))
attempt("list", lambda: posix.listdir("/"))
attempt("stat", lambda: posix.stat("/"))
attempt("mkdir", lambda: posix.mkdir("/made"))
attempt("remove", lambda: posix.unlink("SECRET_FILE"))
attempt("environment", lambda: posix.environ.get(b"DGPO_TEST_SECRET", "nothing"))
attempt("fork", lambda: posix.fork())
attempt("exec", lambda: posix.execv("/bin/sh", ["sh", "-c", "touch FOLDER/made"]))
attempt("kill", lambda: posix.kill(posix.getppid(), 9))
for name, outcome in tried: print(name, outcome)
`);
  const { stdout } = result;
  expect(stdout).toMatch(/^read PermissionError/m);
  expect(stdout).toMatch(/^write PermissionError/m);
  expect(stdout).toMatch(/^list PermissionError/m);
  expect(stdout).toMatch(/^stat PermissionError/m);
  expect(stdout).toMatch(/^environment gave nothing/m);
  expect(stdout).not.toMatch(/^(fork|exec) gave/m);
});

test.each([
  ['_ctypes', 'dlopen'],
  ['_socket', 'socket'],
  ['_posixsubprocess', 'fork_exec'],
  ['mmap', 'mmap'],
  ['_testcapi', 'run_in_subinterp'],
  ['_testinternalcapi', 'get_configs'],
])('the module %s is an empty name, whoever imports it', async (name, content) => {
  const { result } = await attack(`
spec = type("Spec", (), {"name": "${name}", "origin": "built-in", "parent": "", "loader": importer, "submodule_search_locations": None})()
attempt("create", lambda: hasattr(load("_imp").create_builtin(spec), "${content}"))
attempt("load", lambda: hasattr(load("${name}"), "${content}"))
attempt("loaded", lambda: hasattr(load("sys").modules["${name}"], "${content}"))
for name, outcome in tried: print(name, outcome)
`);
  expect(result.stdout).toContain('load gave False');
  expect(result.stdout).not.toContain('gave True');
});

test.each(['run_js', 'JsProxy', 'create_proxy', 'to_js', 'jsnull', 'can_run_sync', 'create_once_callable'])(
  'pyodide itself, %s, has nothing to call',
  async (name) => {
    const { result } = await attack(`
core = load("_pyodide_core")
member = getattr(core, "${name}", None)
for given in ["process.exit(1)", print, {"a": 1}, object]: attempt("call", lambda: member(given))
print(tried)
`);
    expect(result.lost || !result.stdout.includes('JsProxy object')).toBe(true);
  },
);

test.each([
  'import js',
  'from js import fetch',
  'import js as anything',
  '__import__("js")',
  '__import__("j" + "s", {"__name__": "library"})',
  'import importlib\nimportlib.import_module("js")',
  'load("sys").modules["js"]',
  'import pyodide_js',
  'load("sys").modules["pyodide_js"]',
  'import pyodide.code\npyodide.code.run_js("1")',
  'from pyodide.code import run_js',
  'from pyodide.ffi import create_proxy',
  'from _pyodide._base import eval_code',
  'import _pyodide_core',
  'load("js")',
  'exec("import js")',
  'eval("__import__(\'js\')")',
  'load("sys").meta_path[0].find_spec("js").loader',
])('JavaScript is no module: %s', async (code) => {
  const { result } = await attack(code);
  expect(result.error ?? '').toMatch(/^(ImportError|ModuleNotFoundError|KeyError|AttributeError)/);
});

test('what pyodide has left in memory is found, and cannot be used', async () => {
  const { result } = await attack(`
gc = load("gc")
seen, queue, found = set(), list(gc.get_objects()), []
while queue and len(seen) < 60000:
    item = queue.pop()
    if id(item) in seen: continue
    seen.add(id(item))
    if type(item).__name__ in ("JsProxy", "JsMethod", "JsCallable", "JsObject"): found.append(item)
    if gc.is_tracked(item): queue.extend(gc.get_referents(item))
print(len(seen) > 1000)
for item in found[:20]: attempt("use", lambda: item.constructor.constructor("return process")())
print(tried)
`);
  expect(result.error === null || result.lost).toBe(true);
  if (!result.lost) expect(result.stdout).not.toContain('gave');
});

test.each([
  [
    'the globals of a function of the library',
    'load("sys").modules["random"].Random.seed.__globals__["_os"].system("touch FOLDER/made")',
  ],
  ['a module that another one has imported', 'import random\nrandom._os.system("touch FOLDER/made")'],
  ['a submodule reached over statistics', 'import statistics\nstatistics.sys.modules["os"].listdir("/")'],
  ['the frame of the driver', 'import posix' + '\n(i for i in [1]).gi_frame.f_back'],
  ['warnings that import linecache', 'load("sys").modules["warnings"].linecache'],
  [
    'a class that loads files',
    '[c for c in object.__subclasses__() if c.__name__ == "FileLoader"][0]("x", "SECRET_FILE").get_data("SECRET_FILE")',
  ],
  ['an import hook of its own', 'sys = load("sys")\nsys.path.append("/")\nsys.meta_path.append(importer)\nimport os'],
  [
    'the importer of zip files',
    '[c for c in object.__subclasses__() if c.__name__ == "zipimporter"][0]("/lib/python314.zip")',
  ],
  ['files opened by io', 'load("_io").open("SECRET_FILE").read()'],
  [
    'code objects',
    'f = lambda: 0\nf.__code__ = f.__code__.replace(co_names=("SECRET_FILE",))\nopen(f.__code__.co_names[0])',
  ],
])('%s leads nowhere', async (_, code) => {
  await attack(code);
});

test('the installation of the host shows nowhere', async () => {
  const { result } = await attack(`
posix, sys = load("posix"), load("sys")
shown = [sys.argv, sys.orig_argv, sys.executable, sys.prefix, sys.path, sys.platlibdir, load("sys").modules["os"].getcwd]
print(posix.environ, shown, [getattr(m, "__file__", None) for m in sys.modules.values()])
`);
  expect(result).toMatchObject({ error: null, stdout: expect.stringContaining('PYTHONHASHSEED') });
  expect(result.stdout).not.toContain(process.cwd());
  expect(result.stdout).not.toContain('python.mjs');
});

test('every frame below, and what a function encloses, leads to modules that are refused', async () => {
  const { result } = await attack(`
try:
    1 / 0
except ZeroDivisionError as error:
    frame = error.__traceback__.tb_frame
def running():
    yield itself.gi_frame.f_back
itself = running()
unguarded = [cell.cell_contents for cell in __import__.__closure__ if callable(cell.cell_contents)]
frames = [next(itself)]
while frame: frames, frame = [*frames, frame], frame.f_back
for place in [f.f_globals for f in frames] + [final_answer.__globals__, echo.__globals__]:
    if "posix" in place: attempt("list", lambda: place["posix"].listdir("/"))
    if "os" in place: attempt("system", lambda: place["os"].system("touch FOLDER/made"))
    if "os" in place: attempt("walk", lambda: next(place["os"].scandir("/")))
for original in unguarded: attempt("import", lambda: original("os").listdir("/"))
attempt("format", lambda: "{0.__globals__[posix].environ[b'DGPO_TEST_SECRET']}".format(final_answer))
print(len(frames), len(unguarded))
for name, outcome in tried: print(name, outcome)
`);
  expect(result.stdout).toMatch(/^[3-9] 1\n/);
  expect(result.stdout).toMatch(/^import PermissionError/m);
  expect(result.stdout).not.toMatch(/^(list|walk|import|format) gave/m);
  expect(result.stdout).not.toContain('system gave 0');
});

test.each([
  ['a thread', 'load("_thread").start_new_thread(print, ())', /can't start new thread/],
  ['an interpreter inside', 'load("_interpreters").create()', /not a built-in module/],
  [
    'JavaScript as a module that is loaded again',
    'import_ = load("sys").modules["importlib"]\nimport_.reload(import_.import_module("js"))',
    /No module named 'js'/,
  ],
  ['code for another process', 'load("sys").remote_exec(1, "/x.py")', /not permitted/],
  ['another number for a file', 'load("posix").dup2(1, 2)', /not permitted/],
  ['pickled calls', 'load("_pickle").loads(b"cposix\\nsystem\\n(S\'touch FOLDER/made\'\\ntR.")', /No module named/],
  ['a text as wide as memory', '"{:>999999999}".format(1)', /^MemoryError/],
  ['a number as wide as memory', '1 << (1 << 34)', /^(MemoryError|OverflowError)/],
  ['code nested too deep', 'eval("-" * 100_000 + "1")', /^MemoryError/],
])('%s is an error', async (_, code, message) => {
  const { result } = await attack(code);
  expect(result).toMatchObject({ lost: false, error: expect.stringMatching(message) });
});

test('a socket is not to be had', async () => {
  const { result } = await attack('import socket\nsocket.create_connection(("127.0.0.1", PORT))');
  expect(result.error).toContain('ImportError');
});

test('forged messages over the border are data like any other', async () => {
  const { result, seen } = await attack(`
posix = load("posix")
posix.write(3, b'{"name": "run_command", "arguments": {"value": "touch FOLDER/made"}}')
first = posix.read(0, 10000)
posix.write(3, b'{"name": "echo", "arguments": {"__proto__": {"polluted": 1}, "value": 1}}')
second = posix.read(0, 10000)
posix.write(3, b'no json')
third = posix.read(0, 10000)
posix.write(3, b'{"name": "echo", "arguments": {"value": {"__proto__": {"polluted": 1}}}}')
posix.write(3, b'{"name": {"toString": 1}}')
fourth = posix.read(0, 10000)
posix.write(1, b'{"stdout": 5, "answer": {}}')
first, second, third, fourth
`);
  expect(result.value).toContain('there is no tool run_command');
  expect(result.value).toContain('echo has no argument __proto__');
  expect(result.value).toContain('there is no tool undefined');
  expect(result.value).toContain('there is no tool object');
  expect(result.calls.map(({ name }) => name)).toEqual(['echo']);
  expect(seen).toHaveLength(1);
  expect(Object.getPrototypeOf(seen[0])).toBe(Object.prototype);
});

test.each([
  ['a driver that is overwritten', 'load("sys").modules["__main__"].__dict__.clear()'],
  ['json overwritten', 'import json\njson.dumps = lambda *a, **k: "[]"'],
  ['a result too long', 'load("posix").write(1, b"x" * 5_000_000)'],
  ['a call too long', 'load("posix").write(3, b"x" * 5_000_000)'],
  ['too many calls', 'for i in range(1000): echo(i)'],
  ['calls too long together', 'for i in range(10): echo("x" * 200_000)'],
  ['bytecode that is none', 'f = lambda: 0\nf.__code__ = f.__code__.replace(co_code=b"\\xff\\x7f" * 8)\nf()'],
  [
    'recursion in C without a limit',
    'load("sys").setrecursionlimit(10 ** 8)\nx = []\nfor i in range(10 ** 6): x = [x]\nrepr(x)',
  ],
  ['the recursion limit lifted', 'load("sys").setrecursionlimit(10 ** 8)\ndef f(): return f()\nf()'],
  ['a list nested deep in JSON', 'import json\njson.loads("[" * 200_000)'],
  ['a nest of tuples taken apart', 'x = None\nfor i in range(10 ** 6): x = (x,)\ndel x'],
  ['a number of a million digits', 'x = 7 ** (10 ** 6)'],
  [
    'a library for the linker',
    'spec = type("Spec", (), {"name": "x", "origin": "/lib/x.so"})()\nload("_imp").create_dynamic(spec)',
  ],
  ['a signal to itself', 'load("_signal").raise_signal(2)'],
  [
    'a hook of the monitor',
    'monitor = load("sys").monitoring\nmonitor.use_tool_id(3, "x")\nmonitor.register_callback(3, monitor.events.LINE, lambda *a: 1 / 0)\nmonitor.set_events(3, monitor.events.LINE)',
  ],
  ['a hook of the audit', 'def hook(*event): raise SystemExit\nload("sys").addaudithook(hook)\nimport json'],
  [
    'a forged result and an exit',
    'load("posix").write(1, b\'{"stdout": "", "value": null, "error": null, "answer": "42"}\')\nload("posix")._exit(0)',
  ],
  ['an exit', 'load("posix")._exit(0)'],
  ['an abort', 'load("posix").abort()'],
])('%s loses the action and nothing else', async (_, code) => {
  await attack(code);
  // Killed or taken back: the process answers, and knows nothing.
  if (!python.alive) python = await startPython({ timeout: 5000, maxOperations: 20_000_000, memory: 96 });
  await python.reset();
  expect(await python.run({ code: '1 + 1' })).toMatchObject({ value: '2' });
});

test.each([
  ['builtins', 'b = load("builtins")\nb.len = lambda x: 99\nb.print = None\nb.__import__ = None\nb.Exception = None'],
  ['loaded modules', 'import math, random\nmath.pi = 3\nrandom.random = lambda: 4\nload("sys").modules["re"] = None'],
  [
    'types',
    'import collections\ncollections.Counter.update = None\ncollections.Counter.most_common = lambda self: "poisoned"',
  ],
  ['finalisers', 'class Late:\n  def __del__(self): load("posix").write(3, b"{}")\nkept = Late()\nkept.me = kept'],
  ['handlers at exit', 'load("atexit").register(print, "late")'],
  ['signal handlers', 'load("_signal").signal(2, lambda *a: None)'],
  ['a trace function', 'load("sys").settrace(lambda *a: None)\nload("sys").setprofile(lambda *a: None)'],
  ['streams', 'sys = load("sys")\nsys.stdout = sys.__stdout__ = None\nsys.excepthook = None'],
  ['memory', 'kept = []\nwhile True: kept.append(bytearray(10 ** 6))'],
  [
    'numbers that are shared',
    'import gc' + '\nload("gc").disable()\nload("sys").set_int_max_str_digits(0)\nload("sys").setrecursionlimit(50)',
  ],
])('poisoned %s do not reach the next episode', async (_, code) => {
  await attack(code);
  await python.reset();
  const probe = `
import math, random, re, collections, json
x = [len([1, 2]), round(math.pi, 2), random.random(), re.sub("a", "b", "cat"), collections.Counter("aab").most_common()]
print(json.dumps(x), len(bytearray(30_000_000)))
x`;
  expect(await python.run({ code: probe })).toMatchObject({
    error: null,
    stdout: expect.stringMatching(/^\[2, 3.14, 0\.\d+, "cbt", \[\["a", 2\], \["b", 1\]\]\] 30000000\n$/),
  });
});

test.each([
  ['values', 'class Bad:\n  def __str__(self): raise SystemExit("no")\nBad()'],
  ['values that never end', 'class Bad:\n  def __str__(self):\n    while True: pass\nBad()'],
  ['errors', 'class Bad(BaseException):\n  def __str__(self): raise self\nraise Bad()'],
  ['errors of a foreign type', 'class Bad(str):\n  pass\nraise SyntaxError(Bad("x"), ("<code>", 10 ** 9, 1, None))'],
  ['answers', 'class Bad(dict):\n  def __str__(self): return "x" * 10 ** 6\nfinal_answer(Bad())'],
  ['arguments', 'class Bad(dict):\n  def items(self): raise KeyboardInterrupt\necho(Bad(a=1))'],
])('%s with code in them are text in the end', async (_, code) => {
  const { result } = await attack(code);
  for (const part of [result.value, result.error, result.answer]) {
    expect(part === null || (typeof part === 'string' && part.length < 21_000)).toBe(true);
  }
});
