import type { Country } from './country.js';
import { neighboursPerPassage, type PassageField } from './passages.js';
import {
  countryPhrases,
  countryWordings,
  isTelling,
  type KeyField,
  keyFields,
  pairWordings,
  type TargetField,
  targetFields,
  targetWordings,
} from './question-wordings.js';

/** What a question asks: a fact of a country, the country of a fact, a fact by way of another, or a comparison. */
export type QuestionType =
  | TargetField
  | `country-by-${KeyField}`
  | `${TargetField}-by-${KeyField}`
  | keyof typeof pairWordings;

/** How a question is worked out, one search after another. */
export interface QuestionPlan {
  type: QuestionType;
  hops: 1 | 2;
  /** The names that the question mentions: a country, a key, or two countries. */
  subjects: readonly string[];
  /** By which fact the question names the country. */
  key?: KeyField;
  /** The fact that is asked for. */
  target?: TargetField;
}

/** A question with its answers, before one of its wordings is chosen. */
export interface Question extends QuestionPlan {
  wordings: readonly string[];
  goldenAnswers: string[];
  /** Titles of the passages with the evidence. */
  titles: string[];
}

/** The fields whose passages, for each of its titles, answer a question. */
export function evidenceFields({ type, key, target }: QuestionPlan): PassageField[] {
  if (type === 'same-region') return ['region'];
  if (type === 'common-border') return ['borders'];
  return [key, target].filter((field) => field !== undefined);
}

/** The values of a fact of a country. */
function targetValues(country: Country, target: TargetField): string[] {
  if (target === 'language') return [...country.languages];
  return [target === 'region' ? country.subregion : country[target]];
}

/** Accepted answers: each language alone, or all of them as the passage lists them. */
function answersOf(country: Country, target: TargetField): string[] {
  const values = targetValues(country, target);
  return values.length > 1 ? [...values, values.join(', ')] : values;
}

/** Questions about one country: of one hop for each fact, and through each fact that `isUnique` says is its alone. */
export function countryQuestions(country: Country, isUnique: (field: KeyField, key: string) => boolean): Question[] {
  const titles = [country.name];
  const questions: Question[] = targetFields.map((target) => ({
    type: target,
    hops: 1,
    subjects: [country.name],
    target,
    wordings: targetWordings[target].map((wording) => wording.replace('{country}', () => country.name)),
    goldenAnswers: answersOf(country, target),
    titles,
  }));
  for (const key of keyFields) {
    const value = country[key];
    if (!isUnique(key, value)) continue;
    questions.push({
      type: `country-by-${key}`,
      hops: 1,
      subjects: [value],
      key,
      wordings: countryWordings[key].map((wording) => wording.replace('{key}', () => value)),
      goldenAnswers: [country.name],
      titles,
    });
    const phrases = countryPhrases[key].map((phrase) => phrase.replace('{key}', () => value));
    for (const target of targetFields) {
      if (isTelling(target, key)) continue;
      questions.push({
        type: `${target}-by-${key}`,
        hops: 2,
        subjects: [value],
        key,
        target,
        wordings: targetWordings[target].flatMap((wording) =>
          phrases.map((phrase) => wording.replace('{country}', () => phrase)),
        ),
        goldenAnswers: answersOf(country, target),
        titles,
      });
    }
  }
  return questions;
}

function pairQuestion(type: 'same-region' | 'common-border', countries: [Country, Country], answer: string): Question {
  const [first, second] = countries.map(({ name }) => name) as [string, string];
  const wordings = pairWordings[type].map((wording) =>
    wording.replace('{first}', () => first).replace('{second}', () => second),
  );
  return { type, hops: 2, subjects: [first, second], titles: [first, second], wordings, goldenAnswers: [answer] };
}

/** Asks whether two countries lie in the same region: yes or no. */
export function sameRegionQuestion(first: Country, second: Country): Question {
  return pairQuestion('same-region', [first, second], first.subregion === second.subregion ? 'yes' : 'no');
}

/** Asks for the neighbour of both; undefined unless there is just one, and the neighbours of each fit one passage. */
export function commonBorderQuestion(first: Country, second: Country): Question | undefined {
  const [common, ...others] = first.borders.filter((name) => second.borders.includes(name));
  const readable = [first, second].every(({ borders }) => borders.length <= neighboursPerPassage);
  if (common === undefined || others.length > 0 || !readable) return undefined;
  return pairQuestion('common-border', [first, second], common);
}
