import { DatasetError, type Trajectory } from '@dgpo/trajectory';
import type { ComparedModel } from './compare-evaluations.js';
import { isRecord } from './is-record.js';

/** The two sides of a comparison. */
export interface ComparedPair {
  /** The model to compare against. */
  baseline: ComparedModel;
  /** The model in question. */
  candidate: ComparedModel;
}

/** Names of the sets that both have, in the order of the baseline. @throws DatasetError when there are none. */
export function sharedSets({ baseline, candidate }: ComparedPair): string[] {
  const [before, after] = [baseline, candidate].map(({ sets }) => sets.map(({ name }) => name));
  const shared = (before ?? []).filter((name) => after?.includes(name));
  if (shared.length > 0) return shared;
  throw new DatasetError(
    `no set in common: ${baseline.model} has ${before?.join(', ')}, ${candidate.model} has ${after?.join(', ')}`,
  );
}

/** A question with its golden answers; an id alone may be that of another question in another file. */
const questionOf = ({ task }: Trajectory) => JSON.stringify([task.id, task.question, task.goldenAnswers]);

function differencesOfQuestions(name: string, { baseline, candidate }: ComparedPair): string[] {
  const [before = [], after = []] = [baseline, candidate].map(
    ({ sets }) => sets.find((set) => set.name === name)?.trajectories ?? [],
  );
  const [asked, askedAfter] = [new Set(before.map(questionOf)), new Set(after.map(questionOf))];
  const lost = [...asked].filter((question) => !askedAfter.has(question)).length;
  const gained = [...askedAfter].filter((question) => !asked.has(question)).length;
  const perQuestion = (episodes: readonly Trajectory[], questions: Set<string>) =>
    String(Number((episodes.length / questions.size).toFixed(2)));
  const [samples, samplesAfter] = [perQuestion(before, asked), perQuestion(after, askedAfter)];
  return [
    ...(lost + gained === 0
      ? []
      : [
          `${name}: of ${asked.size} questions of the baseline and ${askedAfter.size} of the candidate (golden answers included), ${lost} and ${gained} are not in the other`,
        ]),
    ...(samples === samplesAfter
      ? []
      : [`${name}: episodes per question: ${samples} in the baseline, ${samplesAfter} in the candidate`]),
  ];
}

/** How an evaluation sampled and where it searched. A seed is another draw from the same distribution. */
const conditionNames = ['temperature', 'topP', 'topK', 'maxTokens', 'shuffledPassages', 'corpus'];

/** Settings by name: these conditions, and the limits that its environment sets. */
function conditionsOf({ settings = {} }: ComparedModel): Map<string, unknown> {
  const limits = isRecord(settings.environment) ? Object.entries(settings.environment) : [];
  return new Map([
    ...conditionNames.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]] as const])),
    // One that does not vote does not tell it.
    ...(settings.temperature === undefined ? [] : [['selfConsistency', settings.selfConsistency ?? null] as const]),
    ...limits
      .filter(([, value]) => typeof value === 'number')
      .map(([name, value]) => [`environment.${name}`, value] as const),
  ]);
}

/**
 * What makes a difference of figures say more than which model is better, a line each: sets and questions that one of them alone has,
 * other golden answers, numbers of samples, settings of sampling, the corpus and limits of the environment. Settings that one of them does not
 * tell are not compared.
 * @throws DatasetError when the two have no set in common.
 */
export function evaluationDifferences(pair: ComparedPair): string[] {
  const shared = sharedSets(pair);
  const { baseline, candidate } = pair;
  const alone = ({ sets }: ComparedModel) => sets.map(({ name }) => name).filter((name) => !shared.includes(name));
  const lonely = (who: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`only the ${who} has the sets ${names.join(', ')}`];
  const [before, after] = [conditionsOf(baseline), conditionsOf(candidate)];
  const changed = [...before].filter(
    ([name, value]) => after.has(name) && JSON.stringify(after.get(name)) !== JSON.stringify(value),
  );
  return [
    ...lonely('baseline', alone(baseline)),
    ...lonely('candidate', alone(candidate)),
    ...shared.flatMap((name) => differencesOfQuestions(name, pair)),
    ...changed.map(
      ([name, value]) =>
        `${name}: ${JSON.stringify(value)} in the baseline, ${JSON.stringify(after.get(name))} in the candidate`,
    ),
  ];
}
