import { describe, expect, it } from 'vitest';
import { distillConflicts } from './distill-effects.js';
import { recipeSchema } from './recipe-schema.js';

const data = { corpus: 'corpus.jsonl', trainQuestions: 'train.jsonl' };

/** Path and message of what a recipe is refused for. */
function refusals(recipe: Record<string, unknown>): string[] {
  const result = recipeSchema.safeParse({ data, ...recipe });
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('keys without effect', () => {
  it.each([
    ['seqkd', { divergence: { name: 'js' } }, 'divergence.name has no effect with objective: sft, which learns tokens'],
    ['seqkd', { klWeight: 0 }, 'klWeight has no effect with objective: sft; it belongs to kd'],
    ['kd', { divergence: { beta: 0.3 } }, 'divergence.beta has no effect with divergence.name: fkl; it belongs to js'],
    [
      'kd',
      { klWeight: 0, divergence: { temperature: 2 } },
      'divergence.temperature has no effect with objective: kd and klWeight: 0',
    ],
    ['kd', { onPolicy: { fraction: 0.5 } }, 'onPolicy.fraction has no effect with objective: kd; it belongs to gkd'],
    ['kd', { maxSteps: 3 }, 'maxSteps has no effect with objective: kd: the updates follow from'],
    [
      'gkd',
      { onPolicy: { fraction: 0, temperature: 1 } },
      'onPolicy.temperature has no effect with objective: gkd and onPolicy.fraction: 0',
    ],
    [
      'gkd',
      { onPolicy: { fraction: 1 }, samplesPerTask: 2 },
      'samplesPerTask has no effect with objective: gkd and onPolicy.fraction: 1',
    ],
    [
      'distillm',
      { divergence: { headThreshold: 0.5 } },
      'divergence.headThreshold has no effect with divergence.name: skew-fkl',
    ],
    ['distillm', { ceWeight: 1 }, 'ceWeight has no effect with objective: distillm'],
    ['taid', { divergence: { name: 'rkl' } }, 'divergence.name has no effect with objective: taid, whose divergence'],
    ['taid', { validationSteps: 3 }, 'validationSteps has no effect with objective: taid; it belongs to distillm'],
    ['minillm', { numTrainEpochs: 3 }, 'numTrainEpochs has no effect with objective: minillm: the student plays'],
    [
      'opd',
      { divergence: { temperature: 2 } },
      'divergence.temperature has no effect with objective: opd, which is the reverse KL',
    ],
  ])('%s: %j', (method, distill, expected) => {
    const found = refusals({ method, distill });
    expect(found.map((text) => text.startsWith(`distill.${expected}`))).toEqual([true]);
  });

  it('are those without effect in every stage', () => {
    expect(
      refusals({ method: 'kd-gkd', distill: { ceWeight: 0.5, maxSteps: 3, onPolicy: { temperature: 0.7 } } }),
    ).toEqual([]);
    expect(refusals({ method: 'kd-gkd', distill: { validationSteps: 3 } })).toHaveLength(1);
  });

  it('are found in the stages of a pipeline', () => {
    const stages = [
      { name: 'first', distill: { objective: 'taid', taid: { tStart: 0.2 } } },
      { name: 'second', distill: { objective: 'kd', taid: { tStart: 0.2 } } },
    ];
    expect(refusals({ method: 'pipeline', stages })).toEqual([
      'stages.1.distill.taid.tStart has no effect with objective: kd; it belongs to taid',
    ]);
  });

  it('are not looked for in a section that is not valid', () => {
    const said = { objective: 'sft', klWeight: -1 };
    expect(distillConflicts({ said, stages: [said], path: ['distill'] })).toEqual([]);
  });
});

describe('what an objective needs', () => {
  it.each([
    ['minillm', { onPolicy: { temperature: 0 } }, /onPolicy.temperature must be above 0 with objective: minillm/],
    ['taid', { taid: { tStart: 0.5, tEnd: 0.4 } }, /taid.tEnd must be at least tStart \(0.5\), got 0.4/],
    ['distillm', { distillm: { replayCapacity: 8 } }, /distillm.replayCapacity must be at least batchSize \(32\)/],
    ['kd', { ceWeight: 0, klWeight: 0 }, /ceWeight and klWeight are both 0/],
  ])('%s: %j', (method, distill, expected) => {
    const [first] = refusals({ method, distill });
    expect(first).toMatch(expected);
  });
});
