/** `c` and `v` for every letter; a `y` counts as a vowel after a consonant. */
function shapeOf(word: string): string {
  let shape = '';
  for (const letter of word) {
    const isVowel = 'aeiou'.includes(letter) || (letter === 'y' && shape.endsWith('c'));
    shape += isVowel ? 'v' : 'c';
  }
  return shape;
}

/** Number of vowel-consonant sequences. */
const measure = (stem: string) => shapeOf(stem).match(/v+c+/g)?.length ?? 0;
const hasVowel = (stem: string) => shapeOf(stem).includes('v');
const endsInDouble = (stem: string) => stem.at(-1) === stem.at(-2) && shapeOf(stem).endsWith('c');
const endsInShortSyllable = (stem: string) => shapeOf(stem).endsWith('cvc') && !/[wxy]$/.test(stem);

type Rules = readonly (readonly [suffix: string, replacement: string])[];

const longestFirst = (rules: Rules): Rules => [...rules].sort(([left], [right]) => right.length - left.length);

const secondStep = longestFirst([
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['izer', 'ize'],
  ['bli', 'ble'],
  ['alli', 'al'],
  ['entli', 'ent'],
  ['eli', 'e'],
  ['ousli', 'ous'],
  ['ization', 'ize'],
  ['ation', 'ate'],
  ['ator', 'ate'],
  ['alism', 'al'],
  ['iveness', 'ive'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['aliti', 'al'],
  ['iviti', 'ive'],
  ['biliti', 'ble'],
  ['logi', 'log'],
]);

const thirdStep = longestFirst([
  ['icate', 'ic'],
  ['ative', ''],
  ['alize', 'al'],
  ['iciti', 'ic'],
  ['ical', 'ic'],
  ['ful', ''],
  ['ness', ''],
]);

const fourthStep = longestFirst(
  'al ance ence er ic able ible ant ement ment ent sion tion ou ism ate iti ous ive ize'
    .split(' ')
    .map((suffix) => [suffix, /^[st]ion$/.test(suffix) ? suffix.slice(0, 1) : ''] as const),
);

/** Applies the rule of the longest suffix, if enough of the word is left. */
function replaceSuffix(word: string, rules: Rules, minimum: number): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix));
  if (rule === undefined) return word;
  const [suffix, replacement] = rule;
  const replaced = word.slice(0, -suffix.length) + replacement;
  // The s or t of -sion and -tion belongs to the stem.
  const stem = /^[st]ion$/.test(suffix) ? replaced : word.slice(0, -suffix.length);
  return measure(stem) > minimum ? replaced : word;
}

function withoutPlural(word: string): string {
  if (word.endsWith('sses') || word.endsWith('ies')) return word.slice(0, -2);
  return word.endsWith('s') && !word.endsWith('ss') ? word.slice(0, -1) : word;
}

function withoutTense(word: string): string {
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const suffix = ['ed', 'ing'].find((ending) => word.endsWith(ending));
  if (suffix === undefined) return word;
  const stem = word.slice(0, -suffix.length);
  if (!hasVowel(stem)) return word;
  if (/(at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsInDouble(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsInShortSyllable(stem) ? `${stem}e` : stem;
}

function withoutFinalE(word: string): string {
  if (!word.endsWith('e')) return word;
  const stem = word.slice(0, -1);
  const size = measure(stem);
  return size > 1 || (size === 1 && !endsInShortSyllable(stem)) ? stem : word;
}

/**
 * The stem of an English word in lower case (M. F. Porter, "An algorithm for suffix stripping", Program 14(3), 1980, with the three
 * changes that its author made later: `bli`, `logi`, and words of two letters stay).
 * https://tartarus.org/martin/PorterStemmer/
 */
export function porterStem(word: string): string {
  if (word.length < 3) return word;
  let stem = withoutTense(withoutPlural(word));
  if (stem.endsWith('y') && hasVowel(stem.slice(0, -1))) stem = `${stem.slice(0, -1)}i`;
  stem = replaceSuffix(stem, secondStep, 0);
  stem = replaceSuffix(stem, thirdStep, 0);
  stem = replaceSuffix(stem, fourthStep, 1);
  stem = withoutFinalE(stem);
  return stem.endsWith('ll') && measure(stem.slice(0, -1)) > 1 ? stem.slice(0, -1) : stem;
}
