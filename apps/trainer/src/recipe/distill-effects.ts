import { type DistillSettings, distillSchema, playsEpisodes, usesDemonstrations } from './distill-section.js';
import type { MethodConflict, RawRecipe } from './expand-method.js';
import { isSaid, isTree } from './key-trees.js';

/** Some keys of the section, by dotted path, and when they matter. */
interface Rule {
  keys: readonly string[];
  matters: (settings: DistillSettings) => boolean;
  /** Why not, after "has no effect". */
  reason: (settings: DistillSettings) => string;
}

const withObjective = ({ objective }: DistillSettings) => `with objective: ${objective}`;

const comparesDistributions = ({ objective, klWeight }: DistillSettings) =>
  objective === 'kd' ? klWeight > 0 : ['gkd', 'distillm', 'taid'].includes(objective);

const choosesDivergence = (settings: DistillSettings) =>
  comparesDistributions(settings) && settings.objective !== 'taid';

const whyNoDivergence = (settings: DistillSettings): string => {
  const reasons: Record<DistillSettings['objective'], string> = {
    sft: ', which learns tokens, not distributions',
    kd: ' and klWeight: 0',
    taid: ', whose divergence is the forward KL to its own target',
    minillm: ', which is the reverse KL at the temperature of the sampling',
    opd: ', which is the reverse KL of the sampled tokens',
    gkd: '',
    distillm: '',
  };
  return `${withObjective(settings)}${reasons[settings.objective]}`;
};

const divergenceParameter = (key: string, names: readonly string[]): Rule => ({
  keys: [`divergence.${key}`],
  matters: (settings) => choosesDivergence(settings) && names.includes(settings.divergence.name),
  reason: (settings) =>
    choosesDivergence(settings)
      ? `with divergence.name: ${settings.divergence.name}; it belongs to ${names.join(' and ')}`
      : whyNoDivergence(settings),
});

const section = (objective: DistillSettings['objective'], keys: readonly string[]): Rule => ({
  keys,
  matters: (settings) => settings.objective === objective,
  reason: (settings) => `${withObjective(settings)}; it belongs to ${objective}`,
});

const rules: readonly Rule[] = [
  { keys: ['divergence.name'], matters: choosesDivergence, reason: whyNoDivergence },
  divergenceParameter('beta', ['js']),
  divergenceParameter('lambda', ['skew-fkl', 'skew-rkl']),
  divergenceParameter('headThreshold', ['adaptive-kl']),
  { keys: ['divergence.temperature'], matters: comparesDistributions, reason: whyNoDivergence },
  section('kd', ['ceWeight', 'klWeight']),
  section('taid', ['taid.tStart', 'taid.tEnd', 'taid.alpha', 'taid.beta', 'taid.adaptive']),
  section('distillm', [
    'distillm.threshold',
    'distillm.lossEps',
    'distillm.replayRatio',
    'distillm.replayCapacity',
    'validationEpisodes',
    'validationSteps',
  ]),
  {
    keys: ['requireValidActions'],
    matters: ({ filter }) => filter !== 'agent',
    reason: () => 'with filter: agent, which always does',
  },
  {
    keys: ['maxTurns'],
    matters: ({ filter }) => filter === 'agent',
    reason: ({ filter }) => `with filter: ${filter}; it belongs to agent`,
  },
  {
    keys: ['maxThoughtTokens'],
    matters: ({ firstThoughtPrefix }) => firstThoughtPrefix,
    reason: () => 'with firstThoughtPrefix: false',
  },
  section('gkd', ['onPolicy.fraction']),
  {
    keys: ['onPolicy.temperature'],
    matters: playsEpisodes,
    reason: (settings) =>
      `${withObjective(settings)}${settings.objective === 'gkd' ? ' and onPolicy.fraction: 0' : ''}: the student plays nothing`,
  },
  {
    keys: [
      'demonstrator',
      'samplesPerTask',
      'temperature',
      'maxEpisodes',
      'maxPerTask',
      'dedupe',
      'requireValidActions',
      'filter',
      'firstThoughtPrefix',
      'numTrainEpochs',
    ],
    matters: usesDemonstrations,
    reason: (settings) =>
      `${withObjective(settings)}${settings.objective === 'gkd' ? ' and onPolicy.fraction: 1' : ''}: the student plays every episode, for maxSteps updates`,
  },
  {
    keys: ['maxSteps'],
    matters: (settings) => !usesDemonstrations(settings),
    reason: (settings) => `${withObjective(settings)}: the updates follow from the demonstrations and numTrainEpochs`,
  },
];

/**
 * Keys of a section `distill` that change nothing in any of the stages made from it. Defaults would hide what a recipe says, so the
 * section is read before they are filled in.
 *
 * @param options.said the section as the recipe has it
 * @param options.stages the same for each stage, with the values of the method
 * @param options.path of the section in the recipe
 */
export function distillConflicts(options: {
  said: RawRecipe;
  stages: readonly RawRecipe[];
  path: readonly string[];
}): MethodConflict[] {
  const { said, stages, path } = options;
  const parsed = stages.map((stage) => distillSchema.safeParse(stage));
  // What is not valid is the schema's to explain.
  if (!parsed.every((result) => result.success)) return [];
  const settings = parsed.map((result) => result.data as DistillSettings);
  return rules.flatMap(({ keys, matters, reason }) => {
    const [first] = settings;
    if (first === undefined || settings.some(matters)) return [];
    return keys
      .map((key) => key.split('.'))
      .filter((key) => isSaid(said, key))
      .map((key) => ({ path: [...path, ...key], message: `has no effect ${reason(first)}` }));
  });
}

/** {@link distillConflicts} of a whole recipe and the stages that it was expanded to. */
export function distillConflictsOf(raw: RawRecipe, expanded: RawRecipe): MethodConflict[] {
  const stages = (Array.isArray(expanded.stages) ? expanded.stages : []).map((stage: unknown) =>
    isTree(stage) && isTree(stage.distill) ? stage.distill : undefined,
  );
  if (isTree(raw.distill)) {
    const own = stages.filter((stage) => stage !== undefined);
    return distillConflicts({ said: raw.distill, stages: own, path: ['distill'] });
  }
  if (!Array.isArray(raw.stages)) return [];
  return stages.flatMap((stage, index) =>
    stage === undefined
      ? []
      : distillConflicts({ said: stage, stages: [stage], path: ['stages', String(index), 'distill'] }),
  );
}
