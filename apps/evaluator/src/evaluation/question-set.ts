import type { BenchmarkKind } from '@dgpo/envs/benchmarks';
import type { EvaluationSet } from '@dgpo/trainer';
import { DatasetError } from '@dgpo/trajectory';

/** Questions that are played and scored together. */
export interface QuestionSet extends EvaluationSet {
  /** Decides the environment and the measure. @default what the rules of the model are for */
  kind?: BenchmarkKind;
  /** Where the rows lie that were left out, since they have no golden answer. @default none */
  withoutAnswer?: readonly string[];
}

/** A set that is answered and scored by answers: questions without a golden one are left out, and told. @throws DatasetError when none is left */
export function answerableSet(set: QuestionSet, kind: BenchmarkKind): QuestionSet & { kind: BenchmarkKind } {
  const tasks = set.tasks.filter(({ goldenAnswers }) => goldenAnswers.length > 0);
  if (tasks.length === 0) throw new DatasetError('no question has a golden answer', { where: set.name });
  const left = set.tasks
    .filter(({ goldenAnswers }) => goldenAnswers.length === 0)
    .map(({ id }) => `${set.name}: ${id}`);
  return { ...set, kind, tasks, withoutAnswer: [...(set.withoutAnswer ?? []), ...left] };
}
