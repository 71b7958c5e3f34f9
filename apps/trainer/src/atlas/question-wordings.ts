import type { PassageField } from './passages.js';

/** A fact that a question can ask for. */
export type TargetField = Exclude<PassageField, 'borders'>;
/** A fact by which a question can name a country. */
export type KeyField = 'capital' | 'currency' | 'demonym';

/**
 * Whether a fact gives another away, so that no question asks for the one by way of the other: a country's people and its money
 * often share a word (Peruvian, Peruvian sol).
 */
export function isTelling(target: TargetField, key: KeyField): boolean {
  return target === key || (key !== 'capital' && (target === 'demonym' || target === 'currency'));
}

export const targetFields: readonly TargetField[] = ['capital', 'currency', 'language', 'region', 'demonym'];
export const keyFields: readonly KeyField[] = ['capital', 'currency', 'demonym'];

/** Questions for a fact; `{country}` is a name or one of {@link countryPhrases}. */
export const targetWordings: Record<TargetField, readonly string[]> = {
  capital: ['Which city is the capital of {country}?', 'What is the chief city of {country}?'],
  currency: ['What money is used in {country}?', 'With which money do you pay in {country}?'],
  language: ['What do they speak in {country}?', 'Which tongue is spoken in {country}?'],
  region: ['In which part of the world is {country}?', 'Where in the world is {country}?'],
  demonym: ['What is a person from {country} called?', 'What do you call somebody from {country}?'],
};

/** Ways to speak of a country without its name. */
export const countryPhrases: Record<KeyField, readonly string[]> = {
  capital: ['the country whose capital is {key}', 'the country with the chief city {key}'],
  currency: ['the country that pays with the {key}', 'the country whose money is the {key}'],
  demonym: ['the country whose people are {key}', 'the home of the {key} people'],
};

/** Questions for a country. */
export const countryWordings: Record<KeyField, readonly string[]> = {
  capital: ['Which country has the chief city {key}?', '{key} is the capital of which country?'],
  currency: ['Which country pays with the {key}?', 'In which country is the {key} the money?'],
  demonym: ['Which country is the home of the {key} people?', 'From which country do {key} people come?'],
};

/** Questions that compare two countries. */
export const pairWordings = {
  'same-region': [
    'Are {first} and {second} in the same part of the world?',
    'Do {first} and {second} lie in one part of the world?',
  ],
  'common-border': [
    'Which country is a neighbour of both {first} and {second}?',
    'What is the common neighbour of {first} and {second}?',
  ],
} as const satisfies Record<string, readonly string[]>;

/** The words of all wordings, which are no names. */
export function questionWords(): string[] {
  const wordings = [targetWordings, countryPhrases, countryWordings, pairWordings].flatMap((group) =>
    Object.values(group),
  );
  return wordings.flat().flatMap((wording) => wording.replaceAll(/\{\w+\}/g, '').match(/[A-Za-z]+/g) ?? []);
}
