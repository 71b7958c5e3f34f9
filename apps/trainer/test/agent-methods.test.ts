import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PipelineResult, runPipeline } from '../src/pipeline/run-pipeline.js';
import { type RecipeInput, recipeSchema } from '../src/recipe/recipe-schema.js';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'dgpo-agent-methods-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const common = (name: string): RecipeInput => ({
  seed: 3,
  outputDir: join(root, name),
  engine: 'wasm',
  data: { world: 'arithmetic', inventedCountries: 160, arithmetic: { trainTasks: 6 } },
  environment: { maxTokensPerTurn: 300, maxTotalTokens: 1800 },
  student: {
    fresh: { vocabSize: 640, hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 1800 },
  },
  distill: { demonstrator: 'expert', numTrainEpochs: 2, batchSize: 2, microBatchSize: 1, warmupSteps: 0, saveSteps: 1 },
  evaluation: { tasksPerSet: 2 },
});

/** Two turns suffice for questions of one hop, which are every second one. */
const agent = (name: string): RecipeInput => {
  const { environment, distill, ...rest } = common(name);
  return {
    ...rest,
    method: 'agent-distillation',
    environment: { ...environment, maxTurns: 2, maxObservationTokens: 600 },
    distill: { ...distill, firstThoughtPrefix: true },
    evaluation: { tasksPerSet: 2, selfConsistency: { samples: 2, temperature: 1 } },
  };
};

const chains = (name: string): RecipeInput => ({ ...common(name), method: 'cot-distillation' });

/** Runs a recipe on one worker, and stops it where `stopAt` says so of a line or of an update. */
async function run(input: RecipeInput, options: { resume?: boolean; stopAt?: (text: string) => boolean } = {}) {
  const { resume = false, stopAt = () => false } = options;
  const controller = new AbortController();
  const lines: string[] = [];
  const say = (text: string) => {
    lines.push(text);
    if (stopAt(text)) controller.abort(new Error('stopped'));
  };
  const result = await runPipeline({
    recipe: { ...recipeSchema.parse(input), workers: 1 },
    resume,
    signal: controller.signal,
    reporter: {
      stage: (name, text) => say(`${name}: ${text}`),
      line: say,
      progress: () => undefined,
      tracker: ({ stage }) => ({ log: (_, step) => say(`${stage}, update ${step}`), finish: async () => undefined }),
    },
  });
  return { ...result, lines };
}

const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(root, ...path), 'utf8'));
const figuresOf = ({ summary, retrieval, costs }: PipelineResult) => ({ summary, retrieval, costs });

/** Processes of Python that this one has started. */
const interpreters = () =>
  execFileSync('ps', ['-A', '-o', 'ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim().startsWith(`${process.pid} `) && line.includes('child/python.mjs'));

let whole: Awaited<ReturnType<typeof run>>;

it('agent distillation: episodes with first thoughts, their filter, the student voted on', async () => {
  whole = await run(agent('agent'));
  expect(interpreters()).toEqual([]);
  expect(whole.lines).toContainEqual(expect.stringMatching(/^first thoughts for 6 of 6 questions; 0 of \d name/));
  expect(readJson('agent/stages/expert-outputs/statistics.json')).toMatchObject({
    tasks: 6,
    samples: 6,
    correct: 3,
    kept: 3,
    errors: 0,
    recovered: 0,
    fates: { kept: 3, failed: 0, wrong: 3, unreadable: 0, forced: 0, duplicate: 0, surplus: 0 },
    prefixes: { used: 6, missing: 0, unusable: 0 },
  });
  const [line = ''] = readFileSync(join(root, 'agent/stages/expert-outputs/kept.jsonl'), 'utf8').split('\n');
  const { segments } = JSON.parse(line) as { segments: { kind: string; text: string; logProbs?: number[] }[] };
  const [prompt, prefix, rest, observation] = segments;
  expect(prompt?.text).toMatch(/^Question: /);
  expect(prefix).toMatchObject({ kind: 'policy', text: expect.stringMatching(/^Thought: I need the .*\.\n\n$/) });
  expect(prefix?.logProbs).toBeUndefined();
  expect(rest).toMatchObject({ kind: 'policy', text: expect.stringMatching(/^Code:\n```py\nprint\(search\(/) });
  expect(observation?.text).toMatch(/^\nObservation:\nPrinted:\n/);
  expect(segments[4]?.text).toMatch(/^Thought: [\s\S]*final_answer\(/);

  expect(Object.keys(whole.summary)).toEqual(['base', 'agent-distillation', 'agent-distillation-self-consistent']);
  expect(Object.keys(whole.summary.base as object)).toEqual(['known', 'fiction', 'facts']);
  const { 'agent-distillation': greedy, 'agent-distillation-self-consistent': voted } = whole.costs ?? {};
  expect(greedy?.questions).toBe(6);
  expect(voted?.calls).toBe(2 * Math.round((voted?.calls ?? 1) / 2));
  expect(voted?.policyTokens).toBeGreaterThan(0);
  expect(readJson('agent/results.json')).toEqual(figuresOf(whole));
  expect(whole.text).toMatch(/per question +calls +tokens read +tokens written +seconds/);
  expect(readFileSync(whole.reportPath, 'utf8')).toContain('Cost of a question');
  expect(readJson('agent/stages/agent-distillation/model/agent.json')).toMatchObject({ kind: 'code', maxSteps: 2 });
});

it('a run that was stopped in every stage comes to the same', async () => {
  const stops = [
    (text: string) => text.startsWith('chains of thought: '),
    (text: string) => text === 'agent-distillation, update 1',
    (text: string) => text === 'evaluation: agent-distillation-self-consistent',
  ];
  for (const [index, stopAt] of stops.entries()) {
    const { interrupted } = await run(agent('stopped'), { resume: index > 0, stopAt });
    expect(interrupted).toBe(true);
  }
  const { lines, ...result } = await run(agent('stopped'), { resume: true });
  expect(interpreters()).toEqual([]);
  expect(figuresOf(result)).toEqual(figuresOf(whole));
  expect(lines).toContain('expert outputs: already there');
  const model = (name: string) => readFileSync(join(root, name, 'stages/agent-distillation/model/model.safetensors'));
  expect(model('stopped').equals(model('agent'))).toBe(true);
});

it('chain-of-thought distillation: one turn from memory, no search engine', async () => {
  const result = await run(chains('chains'));
  expect(readJson('chains/stages/expert-outputs/statistics.json')).toMatchObject({ samples: 6, correct: 6, kept: 6 });
  const [line = ''] = readFileSync(join(root, 'chains/stages/expert-outputs/kept.jsonl'), 'utf8').split('\n');
  const { segments } = JSON.parse(line) as { segments: { text: string }[] };
  expect(segments.map(({ text }) => text)).toEqual([
    expect.stringMatching(/^Question: .*\nReasoning:\n$/),
    expect.stringMatching(/^I need the [\s\S]*\n\n<answer>[\s\S]+<\/answer>$/),
  ]);
  expect(existsSync(join(root, 'chains/stages/index'))).toBe(false);
  expect(Object.keys(result.summary)).toEqual(['base', 'cot-distillation']);
  expect(result.costs).toBeUndefined();
  const again = await run(chains('chains'), { resume: true });
  expect(figuresOf(again)).toEqual(figuresOf(result));
  expect(again.lines).toContain('cot-distillation: already there');
});

it('nothing to learn from is an error with its reason', async () => {
  const input = chains('empty');
  const environment = { ...input.environment, maxTokensPerTurn: 20 };
  await expect(run({ ...input, environment })).rejects.toThrow(
    /the expert answered none of 6 training questions correctly in 6 episodes.*nothing to distil/,
  );
});
