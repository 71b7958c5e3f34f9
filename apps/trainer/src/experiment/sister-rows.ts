import type { KeyTree } from '../recipe/methods/method.js';

/** One training of the experiment; its models are lines of the table. */
export interface SisterRow {
  /** Unique; names the files of its results. */
  name: string;
  /** The shipped recipe that it is. */
  recipe: string;
  /** Keys over those of the recipe. */
  keys?: KeyTree;
  /** Before the last stage, which is guided, comes the same without guidance from the same cold start, as a stage `ppo`. @default false */
  control?: boolean;
  /** The models that the table shows and what it calls them, in its order. */
  models: Readonly<Record<string, string>>;
}

/** A model of a row, as `row/model`. */
export type SisterModel = `${string}/${string}`;

/** What stands together in the table: rows that play the same tasks. */
export interface SisterPart {
  title: string;
  rows: readonly SisterRow[];
  /** What is subtracted: the first less the second, task by task. */
  comparisons: readonly (readonly [candidate: SisterModel, baseline: SisterModel])[];
  /** Curves of its trainings: a metric of some stages, given as the stages of models. */
  charts: readonly SisterChart[];
}

interface SisterChart {
  file: string;
  title: string;
  metric: string;
  models: readonly SisterModel[];
  /** Whether it runs from 0 to 1. @default false */
  share?: boolean;
}

const searchAndCode: SisterPart = {
  title: 'Search and code',
  rows: [
    {
      name: 'agent-distillation',
      recipe: 'agent-distillation',
      keys: { distill: { firstThoughtPrefix: false } },
      models: {
        base: 'base, with tools',
        teacher: 'teacher, with tools',
        'agent-distillation': 'agent distillation',
        'agent-distillation-self-consistent': '+ self-consistent actions',
      },
    },
    {
      name: 'agent-distillation-prefix',
      recipe: 'agent-distillation',
      models: {
        'agent-distillation': '+ first-thought prefix',
        'agent-distillation-self-consistent': '+ both',
      },
    },
    {
      name: 'cot-distillation',
      recipe: 'cot-distillation',
      models: {
        base: 'base, without tools',
        teacher: 'teacher, without tools',
        'cot-distillation': 'chain-of-thought distillation',
      },
    },
    // The teacher rarely remembers the numbers; these chains of thought are all right.
    {
      name: 'cot-distillation-expert',
      recipe: 'cot-distillation',
      keys: { distill: { demonstrator: 'expert' } },
      models: { 'cot-distillation': 'chain-of-thought distillation from the expert' },
    },
  ],
  comparisons: [
    ['agent-distillation/agent-distillation', 'agent-distillation/base'],
    ['agent-distillation/agent-distillation', 'cot-distillation/cot-distillation'],
    ['agent-distillation/agent-distillation', 'cot-distillation-expert/cot-distillation'],
    ['agent-distillation-prefix/agent-distillation', 'agent-distillation/agent-distillation'],
    ['agent-distillation/agent-distillation-self-consistent', 'agent-distillation/agent-distillation'],
    ['agent-distillation-prefix/agent-distillation-self-consistent', 'agent-distillation/agent-distillation'],
    ['agent-distillation-prefix/agent-distillation-self-consistent', 'cot-distillation/cot-distillation'],
    ['agent-distillation/agent-distillation', 'agent-distillation/teacher'],
  ],
  charts: [
    {
      file: 'loss-agent',
      title: 'Cross-entropy of agent distillation',
      metric: 'loss',
      models: ['agent-distillation/agent-distillation', 'agent-distillation-prefix/agent-distillation'],
    },
  ],
};

const hintModels = {
  base: 'base',
  'base-with-hints': 'base with hints at run time',
  rft: 'plain SFT (own successes)',
  'hint-distillation': 'hint distillation',
};

const hintPart = (name: string, title: string, recipe: string): SisterPart => ({
  title,
  rows: [{ name, recipe, models: hintModels }],
  comparisons: [
    [`${name}/base-with-hints`, `${name}/base`],
    [`${name}/rft`, `${name}/base`],
    [`${name}/hint-distillation`, `${name}/base`],
    [`${name}/hint-distillation`, `${name}/rft`],
    [`${name}/hint-distillation`, `${name}/base-with-hints`],
  ],
  charts: [
    {
      file: `loss-${name}`,
      title: `Cross-entropy in the ${name}`,
      metric: 'loss',
      models: [`${name}/rft`, `${name}/hint-distillation`],
    },
  ],
});

/** A distilled cold start, then PPO from it without and with guidance. */
const combination = (options: {
  title: string;
  /** What is played, in the titles of charts. */
  world: string;
  row: SisterRow;
  coldStart: string;
  file: string;
}): SisterPart => {
  const { title, world, row, coldStart, file } = options;
  const [cold, ppo, dgpo] = [coldStart, 'ppo', 'dgpo'].map((model): SisterModel => `${row.name}/${model}`) as [
    SisterModel,
    SisterModel,
    SisterModel,
  ];
  const models = [ppo, dgpo];
  return {
    title,
    rows: [row],
    comparisons: [
      [dgpo, cold],
      [dgpo, ppo],
      [ppo, cold],
    ],
    charts: [
      { file: `reward-${file}`, title: `Right episodes in training, ${world}`, metric: 'correct', models, share: true },
      {
        file: `length-${file}`,
        title: `Tokens of the policy per episode, ${world}`,
        metric: 'completions/mean_length',
        models,
      },
    ],
  };
};

const afterColdStart = { ppo: 'then PPO, without guidance', dgpo: 'then DGPO' };

/** The experiment, in the order of its table. */
export const sisterParts: readonly SisterPart[] = [
  searchAndCode,
  hintPart('household', 'Household', 'hint-distillation'),
  hintPart('webshop', 'Shop', 'hint-distillation-webshop'),
  combination({
    title: 'Agent distillation, then DGPO',
    world: 'search and code',
    file: 'agent',
    coldStart: 'agent-distillation',
    row: {
      name: 'agent-distillation-dgpo',
      recipe: 'agent-distillation-dgpo',
      control: true,
      models: { base: 'base', teacher: 'teacher', 'agent-distillation': 'agent distillation', ...afterColdStart },
    },
  }),
  combination({
    title: 'Hint distillation in the household, then DGPO',
    world: 'household',
    file: 'hints',
    coldStart: 'hint-distillation',
    row: {
      name: 'household-dgpo',
      recipe: 'hint-distillation-dgpo',
      control: true,
      models: { ...hintModels, ...afterColdStart },
    },
  }),
];

/** Every row of every part. */
export const sisterRows: readonly SisterRow[] = sisterParts.flatMap(({ rows }) => rows);
