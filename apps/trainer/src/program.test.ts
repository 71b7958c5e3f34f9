import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ModelError } from '@dgpo/trajectory';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeTinyAgent } from './ask/__fixtures__/tiny-agent.js';
import type { CliSurroundings } from './commands/surroundings.js';
import { startFakeHub } from './hub/__fixtures__/fake-hub.js';
import { createProgram, runProgram } from './program.js';
import { openRunDirectory } from './run/run-directory.js';

type Pipeline = NonNullable<CliSurroundings['runPipeline']>;
type Demo = NonNullable<CliSurroundings['runDemo']>;

const sample = fileURLToPath(new URL('../../../examples/hotpotqa-sample/', import.meta.url));
const recipes = fileURLToPath(new URL('../../../recipes/', import.meta.url));

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-cli-'));
});
afterAll(() => rmSync(root, { recursive: true }));

function surroundings(more: Partial<CliSurroundings> = {}) {
  const text = { out: '', error: '' };
  const around: CliSurroundings = {
    output: { write: (part) => (text.out += part) },
    errors: { write: (part) => (text.error += part) },
    environment: { DGPO_ENGINE: 'wasm' },
    workingDirectory: root,
    signal: new AbortController().signal,
    ...more,
  };
  return { text, around };
}

async function run(words: string[], more?: Partial<CliSurroundings>) {
  const { text, around } = surroundings(more);
  return { code: await runProgram(words, around), ...text };
}

const table = ['method  EM', 'DGPO    0.7'].join('\n');

describe('demo', () => {
  const demo =
    (seen: unknown[], interrupted = false): Demo =>
    async (options) => {
      const { reporter, signal: _, ...rest } = options;
      seen.push(rest);
      reporter.stage('cold start', '12 updates');
      return { interrupted, result: { dgpo: { em: 0.7 } }, entries: [], text: table };
    };

  it('passes its options on and prints progress and result apart', async () => {
    const seen: unknown[] = [];
    const result = await run(['demo'], { runDemo: demo(seen) });
    expect(result).toEqual({ code: 0, out: `${table}\n`, error: 'cold start  12 updates\n' });
    const words = ['demo', '--preset', 'quick', '--compare', '--seed', '7', '--from-scratch', '--output', 'x'];
    await run([...words, '--engine', 'cpu', '--workers', '1', '--json'], { runDemo: demo(seen) });
    const usual = {
      preset: 'full',
      compare: false,
      seed: 0,
      fromScratch: false,
      engine: 'auto',
      workers: 0,
      resume: true,
    };
    expect(seen).toEqual([
      { ...usual, outputDir: join(root, 'outputs/demo') },
      {
        preset: 'quick',
        compare: true,
        seed: 7,
        fromScratch: true,
        outputDir: join(root, 'x'),
        engine: 'cpu',
        workers: 1,
        resume: true,
      },
    ]);
  });

  it('prints one JSON object and nothing else with --json', async () => {
    const result = await run(['demo', '--json'], { runDemo: demo([]) });
    expect(result).toEqual({ code: 0, out: '{"dgpo":{"em":0.7}}\n', error: '' });
  });

  it('says how to go on when it is interrupted', async () => {
    const result = await run(['demo', '--json'], { runDemo: demo([], true) });
    expect(result).toEqual({ code: 130, out: '', error: 'interrupted: the same command continues it\n' });
  });

  it('starts over with --fresh, but deletes nothing that is not a run', async () => {
    const directory = join(root, 'fresh');
    openRunDirectory({ directory, config: { seed: 1 }, resume: false }).close();
    mkdirSync(join(directory, 'stages/index'), { recursive: true });
    const seen: unknown[] = [];
    expect((await run(['demo', '--fresh', '--output', 'fresh'], { runDemo: demo(seen) })).code).toBe(0);
    expect(readdirSync(directory)).toEqual([]);
    expect(seen).toMatchObject([{ resume: false }]);
    writeFileSync(join(directory, 'config.json'), '{}');
    writeFileSync(join(directory, 'thesis.tex'), '');
    const refused = await run(['demo', '--fresh', '--output', 'fresh'], { runDemo: demo(seen) });
    expect(refused).toMatchObject({ code: 2, error: expect.stringMatching(/fresh: is no run directory, so nothing/) });
    expect(existsSync(join(directory, 'thesis.tex'))).toBe(true);
    const held = openRunDirectory({ directory: join(root, 'held'), config: {}, resume: false });
    const locked = await run(['demo', '--fresh', '--output', 'held'], { runDemo: demo(seen) });
    expect(locked).toMatchObject({ code: 2, error: expect.stringMatching(/uses this run/) });
    held.close();
    expect(seen).toHaveLength(1);
  });
});

describe('train and validate', () => {
  const recipe = join(recipes, 'search-qa.yaml');
  const pipeline =
    (seen: Parameters<Pipeline>[0][], interrupted = false): Pipeline =>
    async (options) => {
      seen.push(options);
      return {
        runDirectory: '/runs/a',
        summary: { em: 0.1 },
        retrieval: {},
        reportPath: '/runs/a/report.html',
        text: 'the table',
        interrupted,
      };
    };

  it('runs a recipe with keys from flags', async () => {
    const seen: Parameters<Pipeline>[0][] = [];
    const words = ['train', recipe, '--rl.max-steps', '3', '--resume', '--seed=5', '--engine', 'cpu'];
    const result = await run(words, { runPipeline: pipeline(seen) });
    expect(result).toEqual({
      code: 0,
      out: 'the table\n\nrun      /runs/a\nreport   /runs/a/report.html\n',
      error: '',
    });
    expect(seen[0]).toMatchObject({ resume: true, recipe: { seed: 5, engine: 'cpu' } });
    expect(seen[0]?.recipe.stages.map(({ rl }) => rl?.maxSteps)).toEqual([undefined, 3]);
    expect(seen[0]?.recipe.outputDir).toBe(join(root, 'outputs/search-qa'));
    const json = await run(['train', '--json', recipe], { runPipeline: pipeline(seen) });
    expect(JSON.parse(json.out)).toMatchObject({ runDirectory: '/runs/a', summary: { em: 0.1 } });
    expect(seen[1]).toMatchObject({ resume: false });
  });

  it('runs a recipe of another method', async () => {
    const path = join(root, 'sft.yaml');
    writeFileSync(path, 'method: sft\nmodel: org/name\ndata: { train: texts.jsonl }\n');
    const seen: unknown[] = [];
    const runSft: NonNullable<CliSurroundings['runSft']> = async ({ recipe, resume }) => {
      seen.push([recipe.model, recipe.data.train, recipe.training.maxSteps, resume]);
      return { runDirectory: 'outputs/sft', text: 'difference -0.3', interrupted: false };
    };
    const result = await run(['train', path, '--training.maxSteps', '7', '--resume'], { runSft });
    expect(result).toEqual({ code: 0, out: 'difference -0.3\nrun      outputs/sft\n', error: '' });
    expect(seen).toEqual([['org/name', join(root, 'texts.jsonl'), 7, true]]);
    const wrong = await run(['train', path, '--training.maxStep', '7'], { runSft });
    expect(wrong.code).toBe(2);
    expect(wrong.error).toContain('did you mean "maxSteps"?');
    const method = await run(['train', path, '--method', 'pqo'], { runSft });
    expect(method).toMatchObject({
      code: 2,
      error: expect.stringContaining('there is no method "pqo"; did you mean "ppo"?'),
    });
  });

  it('says how to go on when it is interrupted', async () => {
    const result = await run(['train', recipe], { runPipeline: pipeline([], true) });
    expect(result).toEqual({
      code: 130,
      out: '',
      error: 'interrupted: add --resume to the same command to continue\n',
    });
  });

  it('prints what a run will need, and --dry-run does nothing more', async () => {
    const words = [recipe, '--workers', '2'];
    const validated = await run(['validate', ...words]);
    expect(validated.code).toBe(0);
    const seen: Parameters<Pipeline>[0][] = [];
    const dry = await run(['train', ...words, '--dry-run'], { runPipeline: pipeline(seen) });
    expect(validated.out).toBe(`${recipe} is valid\n${dry.out}`);
    expect(seen).toEqual([]);
    // Times depend on the number of cores of the machine.
    const lines = dry.out.split('\n').filter((line) => !/^warning| in sampling/.test(line));
    const withoutTimes = lines.map((line) => line.replace(/ +(time|\d+ s|\d+ min \d\d s|\d+ h \d\d min)$/, ''));
    expect(`\n${withoutTimes.filter((line) => !/^(all|───)/.test(line)).join('\n')}`).toMatchInlineSnapshot(`
      "
      data      994 passages, 80 training questions, 20 in hotpotqa-dev
      student   529 k parameters (3 layers, width 96, 4 heads, vocabulary 2048)
      teacher   1.07 M parameters (4 layers, width 128, 4 heads, vocabulary 2048)
      memory    845 MiB in each worker, 2.0 GiB with 2 workers and the main thread, engine wasm
                each weights 13 MiB, and 1.35 x the larger of training (gradients 5 MiB, activations 612 MiB) and sampling (key-value cache 256 MiB, activations 53 MiB)

      tokens and time, roughly
      stage             trained  scored  sampled
      pretrain student    922 k       0        0
      pretrain teacher    922 k       0        0
      teacher            2.65 M       0        0
      kd                 2.65 M  2.77 M   15.4 k
      dgpo               1.06 M  1.53 M   61.4 k
      evaluation              0   176 k   12.8 k

      assumed   episodes of 828 tokens, 96 of them sampled (at most 2 searches, 32 tokens a turn); memory counts full length
      "
    `);
    const json = await run(['validate', recipe, '--json']);
    expect(JSON.parse(json.out)).toMatchObject({
      data: { passages: 994, trainQuestions: 80, evalQuestions: [{ questions: 20 }] },
      estimate: { engine: 'wasm', models: [{ name: 'student' }, { name: 'teacher' }] },
    });
  });

  it('checks the files before anything starts', async () => {
    const corpus = join(root, 'bad.jsonl');
    writeFileSync(corpus, '{"id": "0", "contents": "x"}\n{"id": "1"}\n');
    const seen: Parameters<Pipeline>[0][] = [];
    const result = await run(['train', recipe, '--data.corpus', 'bad.jsonl'], { runPipeline: pipeline(seen) });
    expect(result).toMatchObject({ code: 2, error: expect.stringMatching(/^error: .*bad\.jsonl:2: .*contents.*\n$/) });
    const absent = await run(['validate', recipe, '--data.trainQuestions', 'absent.jsonl']);
    expect(absent).toMatchObject({ code: 2, error: expect.stringMatching(/^error: .*absent\.jsonl: .*no such file/) });
    expect(seen).toEqual([]);
  });

  it('calls a model folder that cannot be used bad input', async () => {
    mkdirSync(join(root, 'empty-model'), { recursive: true });
    const path = join(root, 'empty-model.yaml');
    writeFileSync(path, 'method: sft\nmodel: empty-model\ndata: { train: texts.jsonl }\n');
    for (const words of [
      ['validate', path],
      ['train', path, '--dry-run'],
    ]) {
      expect(await run(words)).toMatchObject({
        code: 2,
        out: '',
        error: expect.stringMatching(/^error: .*empty-model/),
      });
    }
  });

  it('passes the errors of the pipeline on', async () => {
    const failing = (error: Error) => run(['train', recipe], { runPipeline: async () => Promise.reject(error) });
    expect(await failing(new ModelError('is damaged', { where: 'model.safetensors' }))).toMatchObject({
      code: 1,
      error: 'error: model.safetensors: is damaged\n',
    });
    expect(await failing(new Error('out of\n cheese'))).toMatchObject({
      code: 1,
      error: 'unexpected error: out of cheese (set DGPO_DEBUG=1 for the stack)\n',
    });
    const debug = await run(['train', recipe], {
      runPipeline: async () => Promise.reject(new Error('cheese')),
      environment: { DGPO_DEBUG: '1', DGPO_ENGINE: 'wasm' },
    });
    expect(debug.error).toMatch(/^Error: cheese\n {4}at /);
  });
});

describe('init', () => {
  const files = ['--corpus', join(sample, 'corpus.jsonl'), '--questions', join(sample, 'questions.jsonl')];

  it('writes a recipe that validate accepts', async () => {
    const result = await run(['init', 'mine', ...files]);
    const recipe = join(root, 'mine/recipe.yaml');
    expect(result).toEqual({
      code: 0,
      error: '',
      out: `994 passages, 72 questions to train on, 8 held out\nwrote ${recipe}\nnext:  dgpo validate ${recipe}\n       dgpo train ${recipe}\n`,
    });
    expect((await run(['validate', 'mine/recipe.yaml'], { workingDirectory: root })).code).toBe(2);
    expect((await run(['validate', recipe])).out).toContain('72 training questions, 8 in held-out');
    expect(await run(['init', 'mine', ...files])).toMatchObject({
      code: 2,
      error: expect.stringMatching(/not overwritten/),
    });
    const json = await run(['init', 'world', '--json']);
    expect(JSON.parse(json.out)).toEqual({ recipePath: join(root, 'world/recipe.yaml'), notes: [] });
  });
});

describe('ask', () => {
  let agent: { checkpoint: string; index: string };
  beforeAll(async () => {
    agent = await writeTinyAgent(join(root, 'agent'), {
      topK: 1,
      maxSearches: 2,
      maxTokensPerTurn: 8,
      maxObservationTokens: 60,
      maxContextTokens: 256,
      promptTemplate: 'Question: {question}\n',
    });
  });

  it('prints what happens, for people and for machines', async () => {
    const words = ['ask', agent.checkpoint, 'What is the capital of Peru?', '--index', agent.index, '--engine', 'cpu'];
    const plain = await run([...words, '--max-searches', '1']);
    expect(plain).toMatchObject({ code: 0, error: '' });
    expect(plain.out).toMatch(/^((think |search|invalid|answer| {7}) .*\n)*(answer {2}.*|no answer.*)\n$/);
    const json = await run([...words, '--json', '--temperature', '1', '--seed', '3']);
    const events = json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.at(-1)).toMatchObject({ type: 'answer', trajectory: { task: { question: words[2] } } });
    expect(await run([...words, '--json', '--temperature', '1', '--seed', '3'])).toEqual(json);
  });

  it('stops when it is interrupted', async () => {
    const words = ['ask', agent.checkpoint, 'Where?', '--index', agent.index, '--engine', 'cpu'];
    expect(await run(words, { signal: AbortSignal.abort() })).toEqual({ code: 130, out: '', error: 'interrupted\n' });
  });
});

describe('download', () => {
  const weights = Buffer.alloc(3_000_000, 7);

  it('shows the size, downloads, and skips what is there', async () => {
    const token = 'hf_x';
    const hub = await startFakeHub({
      files: { 'config.json': Buffer.from('{}'), 'model.safetensors': weights },
      repository: 'models/org/tiny',
      lfs: ['model.safetensors'],
      token,
    });
    const environment = { HF_ENDPOINT: hub.endpoint, HF_TOKEN: token };
    const words = ['download', 'model', 'org/tiny'];
    const dry = await run([...words, '--dry-run'], { environment });
    expect(dry).toEqual({ code: 0, out: '', error: 'org/tiny: 2 files, 3.0 MB\n' });
    const directory = join(root, 'downloads/org--tiny');
    expect(existsSync(directory)).toBe(false);
    const done = await run(words, { environment });
    expect(done).toMatchObject({ code: 0, out: `${directory}\n` });
    expect(done.error).toMatch(/^org\/tiny: 2 files, 3\.0 MB\n(MB \d\/4.*\n)+$/);
    expect(readFileSync(join(directory, 'model.safetensors')).equals(weights)).toBe(true);
    const again = await run([...words, '--json'], { environment });
    expect(JSON.parse(again.out)).toMatchObject({ repository: 'org/tiny', presentBytes: 3_000_002, completed: true });
    expect(again.error).toBe('');
    const denied = await run([...words, '--out', 'other'], { environment: { HF_ENDPOINT: hub.endpoint } });
    expect(denied).toMatchObject({ code: 2, error: expect.stringMatching(/access denied \(401\); set HF_TOKEN/) });
    await hub.close();
  });

  it('uses the fetch it is given, and lists short names', async () => {
    const fetch = async () => new Response('[]', { status: 404 });
    const result = await run(['download', 'corpus', 'wiki-18'], { fetch });
    expect(result).toMatchObject({ code: 2, error: expect.stringMatching(/no such repository, revision or file/) });
    const { out } = await run(['download', 'dataset']);
    expect(out).toMatch(/^nq_hotpotqa_train {2}Questions of Search-R1/m);
    expect(JSON.parse((await run(['download', 'corpus', '--json'])).out)[0]).toMatchObject({ name: 'wiki-18' });
  });
});

describe('env', () => {
  it('describes where it runs', async () => {
    const { out, code } = await run(['env', '--json']);
    expect(code).toBe(0);
    const summary = JSON.parse(out);
    expect(summary).toMatchObject({
      node: process.version,
      engines: { wasm: true, cpu: true },
      engine: { name: expect.any(String), kernels: expect.stringMatching(/own|stock/) },
      simd: true,
      packages: { '@tensorflow/tfjs': '4.22.0', '@tensorflow/tfjs-backend-wasm': '4.22.0', koffi: expect.any(String) },
    });
    expect(Object.keys(summary.packages)).toContain('hnswlib-node');
    const { out: text } = await run(['env']);
    expect(text).toMatch(/^Node +v\d+/m);
    expect(text).toMatch(/^SIMD +in WebAssembly$/m);
    // A library where there is one, else the reason.
    expect(text).toMatch(/^BLAS +(none: \S+|\S+ \()/m);
  });

  it('says why a BLAS cannot be used', async () => {
    vi.stubEnv('DGPO_BLAS', '/absent/libblas.so');
    const { blas } = JSON.parse((await run(['env', '--json'])).out);
    vi.unstubAllEnvs();
    expect(blas).toEqual({ used: false, reason: expect.stringMatching(/^\/absent\/libblas\.so does not load/) });
  });
});

describe('errors', () => {
  it.each([
    [[], 2, /^Usage: dgpo /],
    [['bogus'], 2, /unknown command 'bogus'/],
    [['demo', '--preset', 'huge'], 2, /Allowed choices are full, quick/],
    [['demo', '--seed', '-1'], 2, /integer of at least 0/],
    [['demo', '--presett', 'quick'], 2, /unknown option '--presett' \(Did you mean --preset\?\)/],
    [['train'], 2, /missing required argument 'recipe'/],
    [['train', 'absent.yaml'], 2, /absent\.yaml: cannot read this recipe/],
    [
      ['train', join(recipes, 'atlas.yaml'), '--rl.maxStep', '3'],
      2,
      /"rl" has no key "maxStep"; did you mean "maxSteps"\?/,
    ],
    [['train', join(recipes, 'atlas.yaml'), '--seed'], 2, /--seed: needs a value/],
    [['validate', join(recipes, 'atlas.yaml'), '--student', 'x'], 2, /unknown option '--student'/],
    [['init'], 2, /missing required argument 'directory'/],
    [['init', 'x', '--corpus', 'c.jsonl'], 2, /--corpus and --questions belong together/],
    [['init', 'x', '--eval-questions', 'c.jsonl'], 2, /--eval-questions needs/],
    [['init', 'x', '--corpus', 'absent.jsonl', '--questions', 'q.jsonl'], 2, /absent\.jsonl: .*no such file/],
    [['ask', 'model', 'What?'], 2, /give either --index DIR or --url URL/],
    [['ask', 'model', ' ', '--index', 'i'], 2, /the question is empty/],
    [['ask', 'model', 'What?', '--index', 'absent'], 1, /absent: there is no index here/],
    [['ask', 'model', 'What?', '--url', 'ftp://x'], 2, /ftp:/],
    [['ask', 'model', 'What?', '--index', 'i', '--temperature', '-1'], 2, /number of at least 0/],
    [['play', 'serch'], 2, /there is no environment "serch" to play; did you mean "search"\?/],
    [['play', 'search', '--task', '0'], 2, /integer of at least 1/],
    [['play', 'search', '--task', '101'], 2, /--task: there are 100 tasks, not 101/],
    [['download', 'index', 'x'], 2, /Allowed choices are corpus, dataset, model/],
    [['download', 'corpus', 'wiki'], 2, /there is no corpus "wiki"/],
    [['worker', '--artifacts', 'http://127.0.0.1:1'], 2, /^error: needs the address of Redis: --redis/],
    [['worker', '--redis', 'http://:secret@h', '--artifacts', 'http://h'], 2, /^error: the address of Redis must look/],
    [['worker', '--redis', 'redis://h', '--artifacts', 'h:8321'], 2, /^error: --artifacts: the address of the trainer/],
  ])('answers %j with exit code %i and one line', async (words, code, message) => {
    const result = await run(words);
    expect(result).toMatchObject({ code, out: '', error: expect.stringMatching(message) });
    if (words.length > 0) expect(result.error).toMatch(/^error: [^\n]*\n$/);
  });

  it('ends a process without a stack trace', async () => {
    const program = fileURLToPath(new URL('./cli.ts', import.meta.url));
    const node = ['--import', 'tsx', '--conditions=@dgpo/source', program];
    const child = spawn(process.execPath, [...node, 'validate', 'absent.yaml'], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
    });
    let error = '';
    child.stderr.on('data', (chunk) => {
      error += chunk;
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(2);
    expect(error).toMatch(/^error: absent\.yaml: cannot read this recipe[^\n]*\n$/);
  });
});

describe('play', () => {
  const words = ['play', 'search', '--seed', '1', '--task', '2'];

  it('plays lines from standard input, the same for the same seed and task', async () => {
    const lines = ['search[capital of Peru]\n', '?\n', 'answer[x]\n'];
    const played = await run(words, { input: Readable.from(lines) });
    expect(played).toMatchObject({ code: 0, error: '' });
    expect(played.out).toMatch(
      /^Answer the question[\s\S]*> search\[capital of Peru\]\n1\. Peru: The capital of Peru is Lima\./,
    );
    expect(played.out).toMatch(/> \?\n[\s\S]*open\[Peru\][\s\S]*> answer\[x\]\nnot solved: reward 0 after 2 turns\n$/);
    expect(await run(words, { input: Readable.from([lines.join('')]) })).toEqual(played);
    const json = await run([...words, '--json'], { input: Readable.from(lines) });
    const events = json.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string });
    expect(events.map(({ type }) => type)).toEqual([
      'start',
      'line',
      'observation',
      'line',
      'admissible',
      'line',
      'end',
    ]);
    expect(events.at(-1)).toMatchObject({ turns: 2, outcome: { correct: false, answer: 'x' } });
  });

  it('stops when it is interrupted', async () => {
    const stopped = await run(words, { input: Readable.from([]), signal: AbortSignal.abort() });
    expect(stopped).toMatchObject({ code: 130, error: 'interrupted\n' });
  });
});

describe('help', () => {
  const help = async (...words: string[]) => {
    const { code, out } = await run([...words, '--help']);
    expect(code).toBe(0);
    return `\n${out}`;
  };

  it('has a version and these commands', async () => {
    expect(await run(['--version'])).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    const { commands } = createProgram(surroundings().around);
    expect(commands.map((command) => command.name())).toEqual([
      'demo',
      'init',
      'ls',
      'cp',
      'validate',
      'train',
      'worker',
      'ask',
      'generate',
      'serve',
      'play',
      'download',
      'env',
    ]);
  });

  it('dgpo', async () => {
    expect(await help()).toMatchInlineSnapshot(`
      "
      Usage: dgpo [options] [command]

      Train compact search agents by distillation-guided policy optimisation (DGPO).

      Options:
        -V, --version                          output the version number
        -h, --help                             display help for command

      Start here:
        demo [options]                         Train a search agent on a small world, measure it and show
                                               it at work. Continues where it stopped.

      Train on your own data:
        init [options] <directory>             Check a corpus and questions and write a commented recipe
                                               for them.
        ls [options]                           List the recipes and methods that there are, with their
                                               papers.
        cp [options] <recipe> [target]         Copy a recipe with everything it extends into one file.
        validate [options] <recipe>            Check a recipe and its files, and print memory, tokens and
                                               time.
        train [options] <recipe>               Run a recipe: index, demonstrations, cold start, DGPO,
                                               evaluation, report; or supervised fine-tuning.
        worker [options]                       Play episodes for a training that runs elsewhere.
        ask [options] <checkpoint> <question>  Ask a trained agent, and watch it think, search, read and
                                               answer.

      Use a model:
        generate [options] [prompt]            Continue a prompt with a model, token by token.
        serve [options] <checkpoint>           Serve a model over HTTP to clients of OpenAI's API.

      Around it:
        play [options] <environment>           Play an environment yourself, with the next move of the
                                               expert on request.
        download [options] <kind> [name]       Download a corpus, data set or model from the Hugging Face
                                               hub. Continues where it stopped.
        env [options]                          Show Node, memory, engines, kernels, BLAS and packages, for
                                               a bug report.
        help [command]                         display help for command

      Exit codes: 0 success, 1 failure, 2 bad input, 130 interrupted.
      "
    `);
  });

  it('dgpo demo', async () => {
    expect(await help('demo')).toMatchInlineSnapshot(`
      "
      Usage: dgpo demo [options]

      Train a search agent on a small world, measure it and show it at work. Continues where it stopped.

      What to run:
        --preset <name>     full: about 5 minutes on two cores; quick: 1 to 2 (choices: "full", "quick",
                            default: "full")
        --compare           add PPO from base, cold start and PPO, uniform KL and GRPO, with the same
                            budget
        --from-scratch      build the base student and the teacher too
        --seed <number>     seed of every random choice (default: 0)

      Where and how:
        --output <dir>      run directory (default: "outputs/demo")
        --fresh             start over instead of continuing what is in the run directory
        --engine <name>     TensorFlow.js backend; auto takes the fastest that works here (choices:
                            "auto", "tensorflow", "webgpu", "wasm", "cpu", default: "auto")
        --workers <number>  worker threads; 0 is one per core (default: 0)

      Output:
        --json              print one JSON object to stdout and nothing else
        -h, --help          display help for command
      "
    `);
  });

  it('dgpo play', async () => {
    expect(await help('play')).toMatchInlineSnapshot(`
      "
      Usage: dgpo play [options] <environment>

      Play an environment yourself, with the next move of the expert on request.

      Arguments:
        environment      search, household, webshop, code

      Options:
        --seed <number>  seed of every random choice (default: 0)
        --task <number>  which of its tasks, from 1 (default: 1)
        --json           print one JSON object for each event
        -h, --help       display help for command
      "
    `);
  });

  it('dgpo init', async () => {
    expect(await help('init')).toMatchInlineSnapshot(`
      "
      Usage: dgpo init [options] <directory>

      Check a corpus and questions and write a commented recipe for them.

      Arguments:
        directory                folder for the recipe; made when absent

      Options:
        --corpus <file>          JSONL, one passage a line: {"id": "0", "contents": "Title\\nText"}
        --questions <file>       FlashRAG JSONL ({"id", "question", "golden_answers"}) or Search-R1
                                 parquet
        --eval-questions <file>  held-out questions; without them every tenth question is held out
        --json                   print one JSON object to stdout and nothing else
        -h, --help               display help for command

      Without --corpus and --questions, the recipe is for the generated world of the demo.
      "
    `);
  });

  it('dgpo validate', async () => {
    expect(await help('validate')).toMatchInlineSnapshot(`
      "
      Usage: dgpo validate <recipe> [options] [--section.key value …]

      Check a recipe and its files, and print memory, tokens and time.

      Arguments:
        recipe      a YAML file

      Options:
        --json      print one JSON object to stdout and nothing else
        -h, --help  display help for command

      Recipe keys, which replace those of the file:
        --extends <string>    Another recipe, relative to this one, whose keys hold where this one says nothing.
        --method <string>     How the agent is trained (\`dgpo ls\` explains each); \`pipeline\` lists its own \`stages\`.
        --seed <integer>      Seed of every random choice of the run.
        --outputDir <string>  Run directory, relative to the working directory.
        --engine <string>     TensorFlow.js backend; \`auto\` takes the fastest that works here.
        --workers <integer>   Worker threads for rollouts and gradients; 0 is one per core. It does not change the result.
        --stages <list>       With \`method: pipeline\`: the trainings in their order, each from the student of the one before.
        --<section>.<key> <value>
            sections: tracking, data, retriever, environment, student, teacher, pretrain, distill, rl, hints, rollouts, evaluation
            for example --rl.maxSteps 20 --rl.guidance.gate never; docs/recipes.md has them all,
            those of method: sft (model, data, lora, training) too
      "
    `);
  });

  it('dgpo train', async () => {
    expect(await help('train')).toMatchInlineSnapshot(`
      "
      Usage: dgpo train <recipe> [options] [--section.key value …]

      Run a recipe: index, demonstrations, cold start, DGPO, evaluation, report; or supervised
      fine-tuning.

      Arguments:
        recipe      a YAML file

      Options:
        --resume    continue the run in outputDir
        --dry-run   check everything, print memory, tokens and time, and stop
        --json      print one JSON object to stdout and nothing else
        -h, --help  display help for command

      Recipe keys, which replace those of the file:
        --extends <string>    Another recipe, relative to this one, whose keys hold where this one says nothing.
        --method <string>     How the agent is trained (\`dgpo ls\` explains each); \`pipeline\` lists its own \`stages\`.
        --seed <integer>      Seed of every random choice of the run.
        --outputDir <string>  Run directory, relative to the working directory.
        --engine <string>     TensorFlow.js backend; \`auto\` takes the fastest that works here.
        --workers <integer>   Worker threads for rollouts and gradients; 0 is one per core. It does not change the result.
        --stages <list>       With \`method: pipeline\`: the trainings in their order, each from the student of the one before.
        --<section>.<key> <value>
            sections: tracking, data, retriever, environment, student, teacher, pretrain, distill, rl, hints, rollouts, evaluation
            for example --rl.maxSteps 20 --rl.guidance.gate never; docs/recipes.md has them all,
            those of method: sft (model, data, lora, training) too
      "
    `);
  });

  it('dgpo ask', async () => {
    expect(await help('ask')).toMatchInlineSnapshot(`
      "
      Usage: dgpo ask [options] <checkpoint> <question>

      Ask a trained agent, and watch it think, search, read and answer.

      Arguments:
        checkpoint               model folder, or folder of adapters
        question                 the question, in quotes

      Where it searches:
        --index <dir>            index directory, as the run or dgpo-retriever index wrote it
        --url <url>              a Search-R1 /retrieve server instead

      How it answers:
        --temperature <number>   of sampling; 0 is greedy (default: 0)
        --seed <number>          seed of every random choice (default: 0)
        --max-searches <number>  searches before it must answer
        --engine <name>          TensorFlow.js backend; auto takes the fastest that works here (choices:
                                 "auto", "tensorflow", "webgpu", "wasm", "cpu", default: "auto")

      Output:
        --json                   print one JSON object for each event
        -h, --help               display help for command
      "
    `);
  });

  it('dgpo download', async () => {
    expect(await help('download')).toMatchInlineSnapshot(`
      "
      Usage: dgpo download [options] <kind> [name]

      Download a corpus, data set or model from the Hugging Face hub. Continues where it stopped.

      Arguments:
        kind               what it is (choices: "corpus", "dataset", "model")
        name               a short name or org/name; without one, the short names are listed

      Options:
        --out <dir>        folder for the files (default: downloads/<name>)
        --revision <name>  branch, tag or commit (default: "main")
        --dry-run          show the size and stop
        --json             print one JSON object to stdout and nothing else
        -h, --help         display help for command

      HF_TOKEN opens private and gated repositories; HF_ENDPOINT names another hub.
      "
    `);
  });

  it('dgpo worker', async () => {
    expect(await help('worker')).toMatchInlineSnapshot(`
      "
      Usage: dgpo worker [options]

      Play episodes for a training that runs elsewhere.

      Whom it works for:
        --redis <url>               the queue, redis://host:6379; with a password better in the variable
                                    DGPO_REDIS_URL
        --artifacts <url>           the trainer, http://host:8321; its token comes in the variable
                                    DGPO_WORKER_TOKEN
        --queue <name>              rollouts.queue of the recipe (default: "dgpo")

      How it works:
        --workers <number>          jobs side by side; 0 is one per core (default: 0)
        --engine <name>             TensorFlow.js backend; auto takes the fastest that works here
                                    (choices: "auto", "tensorflow", "webgpu", "wasm", "cpu", default:
                                    "auto")
        --cache <folder>            for tokenizers, indexes and models; otherwise ~/.cache/dgpo/worker
        --max-artifact <gigabytes>  larger ones are refused (default: 16)
        --lost-after <seconds>      without a sign of life another worker gets its job (default: 30)
        --grace <seconds>           to finish after SIGTERM or Ctrl-C; then its job is given back
                                    (default: 20)
        -h, --help                  display help for command
      "
    `);
  });

  it('dgpo env', async () => {
    expect(await help('env')).toMatchInlineSnapshot(`
      "
      Usage: dgpo env [options]

      Show Node, memory, engines, kernels, BLAS and packages, for a bug report.

      Options:
        --json      print one JSON object to stdout and nothing else
        -h, --help  display help for command
      "
    `);
  });
});
