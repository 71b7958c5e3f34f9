import { ConfigError } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { loadRecipe, parseRecipe } from './load-recipe.js';
import { methodNames } from './methods.js';
import { splitRecipeFlags } from './recipe-flags.js';

const base = `data:
  corpus: corpus.jsonl
  trainQuestions: train.jsonl
`;
const parse = (text: string, flags: readonly string[] = []) =>
  parseRecipe({
    text,
    path: 'recipes/mine.yaml',
    overrides: splitRecipeFlags(flags).overrides,
    workingDirectory: '/home/me',
  });

const messageOf = (text: string, flags?: readonly string[]) => {
  try {
    parse(text, flags);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return String((error as Error).message);
  }
  throw new Error('expected an error');
};

describe('parseRecipe', () => {
  it('fills in every default', () => {
    const recipe = parse(base);
    const rl = recipe.stages[1]?.rl;
    expect(rl).toMatchObject({ algorithm: 'ppo', clipRatio: 0.2, gamma: 1, lambda: 1 });
    expect(rl?.guidance).toEqual({
      gate: 'incorrect',
      beta: 0.5,
      estimator: 'full',
      direction: 'reverse',
      form: 'loss',
      aggregation: 'token-mean',
      importanceWeighted: false,
      biased: false,
      reference: 'teacher',
      controller: { type: 'fixed', targetKl: 0.1, horizon: 10000 },
    });
    expect(recipe.student.fresh?.hiddenSize).toBe(96);
    expect(recipe.pretrain).toBeUndefined();
  });

  it('anchors paths at the recipe, flags and outputDir at the working directory', () => {
    const recipe = parse(base, ['--data.trainQuestions', 'other.jsonl']);
    expect(recipe.data.corpus).toBe('/home/me/recipes/corpus.jsonl');
    expect(recipe.data.trainQuestions).toBe('/home/me/other.jsonl');
    expect(recipe.outputDir).toBe('/home/me/outputs/run');
  });

  it('names an unknown key with its place and the nearest valid name', () => {
    expect(messageOf(`${base}rl:\n  maxSteps: 3\n  guidance:\n    bta: 0.1\n`)).toBe(
      'recipes/mine.yaml:7:5: "rl.guidance" has no key "bta"; did you mean "beta"?',
    );
    expect(messageOf(`${base}studnet:\n  path: x\n`)).toBe(
      'recipes/mine.yaml:4:1: a recipe has no key "studnet"; did you mean "student"?',
    );
    expect(messageOf(`${base}retriever:\n  quantumFlux: 1\n`)).toMatch(
      /^recipes\/mine.yaml:5:3: "retriever" has no key "quantumFlux"; it has kind, topK, url, path, k1, b, maxErrorRate$/,
    );
    expect(messageOf('data:\n  corpus: a\n  trainQuestions: b\n  evalQuestions:\n    - name: x\n      pth: y\n')).toBe(
      'recipes/mine.yaml:6:7: "data.evalQuestions.0" has no key "pth"; did you mean "path"? (and 1 more)',
    );
  });

  it.each([
    ['rl:\n  clipRatio: 1.5\n', /:5:3: rl\.clipRatio: .*<=1/],
    ['rl:\n  maxSteps: many\n', /:5:3: rl\.maxSteps: expected .*received string/],
    ['rl: { algorithm: grpo }\n', /:4:7: rl\.algorithm is ppo with method: dgpo; leave it out, choose another/],
    [
      'method: pipeline\nstages: [{ name: a, rl: { algorithm: reinforce } }]\n',
      /:5:27: stages\.0\.rl\.algorithm: expected one of "ppo"\|"grpo"/,
    ],
    ['method: grpo\nrl: { numGenerations: 1 }\n', /rl\.numGenerations must be at least 2 with algorithm: grpo/],
    ['method: rloo\nrl: { numGenerations: 1 }\n', /rl\.numGenerations must be at least 2 with algorithm: rloo/],
    [
      'method: grpo\nrl: { criticLearningRate: 0.1 }\n',
      /:5:7: rl\.criticLearningRate has no effect with algorithm: grpo/,
    ],
    ['method: remax\nrl: { lambda: 0.9 }\n', /rl\.lambda has no effect with algorithm: remax, which has no critic/],
    ['method: gspo\nrl: { clipRatio: 0.1 }\n', /rl\.clipRatio has no effect with policyLoss\.name: gspo/],
    ['method: ppo\nrl: { guidance: { beta: 0.1 } }\n', /rl\.guidance\.beta has no effect with guidance\.gate: never/],
    ['method: ppo\nrl: { collapse: { maximumKl: 1 } }\n', /maximumKl has no effect with guidance\.gate: never/],
    ['method: ppo\nrl: { policyLoss: { dualClip: 1 } }\n', /rl\.policyLoss\.dualClip: .*>1/],
    ['method: cispo\nrl: { policyLoss: { dualClip: 3 } }\n', /dualClip has no effect with name: cispo/],
    ['rl: { guidance: { threshold: 0.1 } }\n', /rl\.guidance\.threshold has no effect with guidance\.gate: incorrect/],
    [
      'rl: { guidance: { controller: { targetKl: 1 } } }\n',
      /targetKl has no effect with guidance\.controller\.type: fixed/,
    ],
    [
      'rl: { guidance: { estimator: topK } }\n',
      /rl\.guidance\.estimator topK is for teachers that give only their top k/,
    ],
    ['rl: { guidance: { estimator: k1 } }\n', /rl\.guidance\.estimator k1 as a loss has the gradient of nothing/],
    [
      'rl: { guidance: { estimator: k3 } }\n',
      /gradient of KL\(reference ‖ policy\), not that of KL\(policy ‖ reference\)/,
    ],
    ['rl: { maxNumGenBatches: 2 }\n', /rl\.maxNumGenBatches has no effect with filterGroups: false/],
    ['rl: { collapse: { maxRollBacks: 2 } }\n', /maxRollBacks has no effect with collapse\.action: stop/],
    ['rl: { overlong: { bufferLength: 5000 } }\n', /bufferLength must not exceed environment\.maxTotalTokens \(4096\)/],
    ['rl: { filterGroups: true }\n', /rl\.filterGroups needs numGenerations of at least 2/],
    [
      'method: pipeline\nstages: [{ name: a, rl: { guidance: { gate: lowReward } } }]\n',
      /stages\.0\.rl\.guidance\.threshold is required with gate: lowReward/,
    ],
    [
      'method: pipeline\nstages: [{ name: a, rl: { guidance: { gate: never, beta: 1 } } }]\n',
      /stages\.0\.rl\.guidance\.beta has no effect/,
    ],
    [
      'rl: { tasksPerStep: 10, miniBatchSize: 4 }\n',
      /rl\.miniBatchSize must divide tasksPerStep x numGenerations \(10\), got 4/,
    ],
    ['rl: { microBatchSize: 5 }\n', /rl\.microBatchSize must divide miniBatchSize \(32\), got 5/],
    ['retriever: { kind: server }\n', /retriever\.url is required with kind: server/],
    ['retriever: { kind: index }\n', /retriever\.path is required with kind: index/],
    ['retriever: { path: wiki }\n', /retriever\.path has no effect with kind: bm25/],
    ['student: { path: a, fresh: {} }\n', /student give either path or fresh/],
    [
      'student: { fresh: { hiddenSize: 90 } }\n',
      /student\.fresh\.hiddenSize must be a multiple of twice numAttentionHeads \(8\)/,
    ],
    [
      'student: { fresh: { maxPositionEmbeddings: 64 } }\n',
      /must be at least environment\.maxTotalTokens \(4096\), got 64/,
    ],
    ['environment: { promptTemplate: "Answer!" }\n', /must contain \{question\}/],
    [
      'rl: { guidance: { form: reward, estimator: k1, direction: forward } }\n',
      /no estimator has it in the reward: take a loss of full/,
    ],
    ['rl: { guidance: { form: reward } }\n', /rl\.guidance\.estimator full needs form: loss/],
    ['method: dpgo\n', /:4:1: there is no method "dpgo"; did you mean "dgpo"\?$/],
    ['method: 7\n', /there is no method 7; take one of dgpo, /],
    ['stages: []\n', /stages has no effect with method: dgpo/],
    ['method: cot-distillation\nenvironment: { kind: code }\n', /environment\.kind is chain-of-thought with method/],
    [
      'method: cot-distillation\nretriever: { topK: 2 }\n',
      /topK has no effect with environment\.kind: chain-of-thought/,
    ],
    ['method: cot-distillation\nenvironment: { maxSearches: 2 }\n', /maxSearches has no effect with environment\.kind/],
    ['method: agent-distillation\nenvironment: { maxSearches: 2 }\n', /has no effect with environment\.kind: code/],
    ['method: agent-distillation\ndistill: { requireValidActions: true }\n', /has no effect with filter: agent/],
    ['method: agent-distillation\ndistill: { maxThoughtTokens: 9 }\n', /has no effect with firstThoughtPrefix: false/],
    ['method: kd\ndistill: { maxTurns: 2 }\n', /maxTurns has no effect with filter: correct/],
    ['method: kd\ndistill: { firstThoughtPrefix: true }\n', /firstThoughtPrefix needs environment\.kind: code/],
    ['environment: { maxTurns: 2 }\n', /maxTurns has no effect on a search; it belongs to code/],
    ['evaluation: { selfConsistency: { samples: 1 } }\n', /samples/],
    ['method: pipeline\n', /stages: /],
    ['method: pipeline\nstages: [{ name: a }]\n', /stages\.0 give either distill or rl/],
    ['method: pipeline\nstages: [{ name: a, rl: {} }, { name: a, rl: {} }]\n', /stages\.1\.name stands twice/],
  ])('refuses %j', (text, expected) => {
    expect(messageOf(base + text)).toMatch(expected);
  });

  it.each([
    ['environment: { kind: search }\n', /kind cannot be search with data\.world: arithmetic/],
    ['environment: { maxSearches: 2 }\n', /maxSearches has no effect with environment\.kind: code/],
    ['environment: { format: react }\n', /format has no effect with environment\.kind: code/],
    ['', /data\.household has no effect without data\.world: household/, ', household: {}'],
    ['', /evalQuestions has no effect with data\.world: arithmetic/, ', evalQuestions: [{ name: a, path: a.jsonl }]'],
    ['', /data\.arithmetic has no effect without data\.world: arithmetic/, ', arithmetic: {}', 'atlas'],
    ['environment: { kind: code }\n', /kind has no effect with data\.world: webshop/, '', 'webshop'],
  ])('refuses %j in a world', (text, expected, data = '', world = 'arithmetic') => {
    expect(messageOf(`data: { world: ${world}${data} }\n${text}`)).toMatch(expected);
  });

  it('answers questions of arithmetic by code, or from memory', () => {
    const world = 'data: { world: arithmetic }\n';
    expect(parse(`${world}method: cot-distillation\n`).environment.kind).toBe('chain-of-thought');
    expect(parse(`${world}method: agent-distillation\nenvironment: { maxTurns: 3 }\n`)).toMatchObject({
      environment: { kind: 'code', maxTurns: 3 },
      stages: [{ name: 'agent-distillation', distill: { objective: 'sft', filter: 'agent', demonstrator: 'teacher' } }],
    });
    expect(parse(`${world}method: dgpo\n`).environment.kind).toBeUndefined();
  });

  it('takes every method, each with its own stages', () => {
    const settings = methodNames
      .filter((name) => name !== 'pipeline')
      .map((method) => {
        // Searches give no hints.
        const data = method === 'hint-distillation' ? 'data: { world: household }\n' : base;
        return JSON.stringify(parse(`${data}method: ${method}\n`).stages);
      });
    expect(new Set(settings).size).toBe(settings.length);
  });

  it('lets a biased form through that says so, and PPO an anchor at its start', () => {
    const k3 = 'rl: { guidance: { estimator: k3, biased: true } }\n';
    expect(parse(base + k3).stages[1]?.rl?.guidance).toMatchObject({ estimator: 'k3', form: 'loss', biased: true });
    const anchored = parse(`${base}method: ppo\nrl: { guidance: { gate: always, beta: 0.05 } }\n`);
    expect(anchored.stages[0]?.rl?.guidance).toMatchObject({ reference: 'initial', gate: 'always', beta: 0.05 });
  });

  it('asks for the data', () => {
    expect(messageOf('seed: 1\n')).toMatch(/^recipes\/mine.yaml:1:1: data: /);
    expect(messageOf('data:\n  corpus: a\n')).toMatch(/:1:1: data\.trainQuestions is required/);
    expect(messageOf(`data: { world: atlas, corpus: a }\n`)).toMatch(/data\.corpus cannot stand beside data\.world/);
  });

  it('says where YAML breaks, and what a recipe is', () => {
    expect(messageOf('rl:\n  maxSteps: [1\n')).toMatch(/^recipes\/mine.yaml:3:1: /);
    expect(messageOf('seed: 1\nseed: 2\n')).toMatch(/^recipes\/mine.yaml:2:1: Map keys must be unique/);
    expect(messageOf('- a\n')).toMatch(/a recipe is a YAML mapping/);
  });

  it('blames the flag when the flag is wrong', () => {
    expect(messageOf(base, ['--rl.max-step', '3'])).toBe(
      '--rl.max-step: "rl" has no key "maxStep"; did you mean "maxSteps"?',
    );
    expect(messageOf(base, ['--rl.gamma=2'])).toMatch(/^--rl\.gamma: rl\.gamma: /);
    expect(parse(`${base}rl: { maxSteps: 9 }\n`, ['--rl.max-steps=5']).stages[1]?.rl?.maxSteps).toBe(5);
  });
});

describe('loadRecipe', () => {
  it('explains a missing file', async () => {
    await expect(loadRecipe({ path: 'nowhere.yaml' })).rejects.toThrow(/^nowhere.yaml: cannot read this recipe/);
  });
});

describe('splitRecipeFlags', () => {
  it('takes recipe flags in either case and leaves the rest', () => {
    const { overrides, rest } = splitRecipeFlags([
      'recipes/a.yaml',
      '--resume',
      '--rl.max-steps',
      '20',
      '--output-dir=out/7',
      '--seed',
      '-1',
      '--json',
      '--student.fresh.tieWordEmbeddings',
      '--data.evalQuestions',
      '[{name: dev, path: d.jsonl}]',
      '--',
      '--seed',
      '3',
    ]);
    expect(rest).toEqual(['recipes/a.yaml', '--resume', '--json', '--', '--seed', '3']);
    expect(overrides.map(({ path, value }) => [path, value])).toEqual([
      ['rl.maxSteps', 20],
      ['outputDir', 'out/7'],
      ['seed', -1],
      ['student.fresh.tieWordEmbeddings', true],
      ['data.evalQuestions', [{ name: 'dev', path: 'd.jsonl' }]],
    ]);
  });

  it('asks for a missing value', () => {
    expect(() => splitRecipeFlags(['--rl.maxSteps'])).toThrow(/--rl\.maxSteps: needs a value/);
    expect(() => splitRecipeFlags(['--seed', '--json'])).toThrow(/--seed: needs a value/);
  });
});
