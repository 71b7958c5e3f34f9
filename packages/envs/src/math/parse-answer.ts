import type { AnswerValue } from './answer-value.js';
import { parseExpression } from './parse-expression.js';
import { parseInequality } from './parse-inequality.js';
import { enclosed, splitOutside } from './split-answer.js';
import { Undecided } from './undecided.js';
import { isText, splitUnit } from './words.js';

const matrix = /^\\begin ?\{(?:[pbB]?matrix|array)\}(?:\{[clr|]+\})?(.*)\\end ?\{(?:[pbB]?matrix|array)\}$/;

type Region = AnswerValue & { kind: 'region' };

const union = /\\cup(?![a-z])/g;

function parseMatrix(inside: string): AnswerValue {
  const rows = inside
    .replace(/\\\\ *$/, '')
    .split('\\\\')
    .map((row) => ({
      kind: 'sequence' as const,
      open: '[',
      close: ']',
      items: row.split('&').map(parseItem),
    }));
  return { kind: 'sequence', open: '[', close: ']', items: rows };
}

function parseBracketed(text: string): AnswerValue | null {
  const brackets = enclosed(text);
  if (brackets === null) return null;
  const { open, close, inside } = brackets;
  // Brackets around a matrix or a union only group.
  if (matrix.test(inside) || splitOutside(inside, union).length > 1) return parseItem(inside);
  // Braces without backslashes only group, but Python writes sets so.
  const isSet = open === '{' && close === '}';
  const parts = inside === '' ? [] : splitOutside(inside, /[,;]/g);
  if (isSet && (text.startsWith('\\') || parts.length > 1)) {
    return { kind: 'collection', isSet: true, items: parts.map(parseItem) };
  }
  if (isSet) return splitOutside(inside, /\\choose(?![a-z])/g).length > 1 ? null : parseItem(inside);
  if (parts.length > 1) return { kind: 'sequence', open, close, items: parts.map(parseItem) };
  if (open === '[' && close === ']') return { kind: 'sequence', open, close, items: parts.map(parseItem) };
  return null;
}

const trigonometry = /\b(?:sin|cos|tan|cot|sec|csc)|\\(?:sin|cos|tan|cot|sec|csc)/;

function parseFormula(text: string): AnswerValue {
  const percent = / *%$/;
  // An angle may come without its degrees; the argument of a function may not.
  const angle = trigonometry.test(text) ? text : text.replaceAll(/ *\\degree ?/g, ' ').trim();
  const { rest, unit } = splitUnit(angle.replace(percent, ''));
  const isDegrees = angle !== text || unit === 'degree';
  return { kind: 'expression', expression: parseExpression(rest), isPercent: percent.test(angle), isDegrees, unit };
}

function parseEquation(text: string): AnswerValue | null {
  const sides = splitOutside(text, /=|\\approx(?![a-z])/g);
  if (sides.length < 2) return null;
  const [left = '', right = ''] = [sides[0], sides.at(-1)];
  if (left === '') return parseItem(right);
  const value = parseItem(right);
  // The name of a function or a quantity before the sign only says whose value follows.
  const isName = /^[a-zA-Z]\([a-z](?:, ?[a-z])*\)$/.test(left) || isText(left);
  if (isName || value.kind !== 'expression') return value;
  return { kind: 'equation', left: parseExpression(left), right: value };
}

/**
 * `C`, `(C)`, `C.`, or a letter and what it stands for: `C) 12`.
 * @throws Undecided for several of the latter
 */
function parseChoice(text: string): AnswerValue | null {
  const alone = /^\(?([A-J])\)?[.:]?$/.exec(text)?.[1];
  const labelled = /^\(?([A-J])[).:] *(?!and |or |\\text\{ *(?:and|or))[^\s,;&+*/^=-]/.exec(text)?.[1];
  if (labelled !== undefined && /[,;] *\(?[A-J][).:]/.test(text))
    throw new Undecided('several letters with what they stand for');
  const letter = alone ?? labelled;
  return letter === undefined ? null : { kind: 'choice', letter };
}

/** One value, without values side by side. */
function parseItem(text: string): AnswerValue {
  const item = text.trim();
  if (item === '') throw new Undecided('a part is empty');
  const wrapped = /^\\text\{([^{}]*)\}$/.exec(item)?.[1];
  if (wrapped !== undefined) return parseItem(wrapped.trim() === '' ? '?' : wrapped);
  const choice = parseChoice(item);
  if (choice !== null) return choice;
  if (/^\\mathbb ?\{? ?R ?\}?$/.test(item)) return parseItem('(-\\infty,\\infty)');
  if (/^\\emptyset$/.test(item)) return { kind: 'collection', isSet: true, items: [] };
  const membership = /^[a-zA-Z](?:_\w)? ?\\in(?![a-z]) ?(.+)$/.exec(item)?.[1];
  if (membership !== undefined) return parseItem(membership);
  const rows = matrix.exec(item)?.[1];
  if (rows !== undefined) return parseMatrix(rows);
  const based = /^(-?[0-9A-F]{1,200})_(?:\{(\d{1,2})\}|(\d{1,2}))$/.exec(item);
  if (based !== null) return { kind: 'based', digits: based[1] ?? '', base: Number(based[2] ?? based[3]) };
  if (isText(item)) return { kind: 'text', text: item };
  const parts = splitOutside(item, union);
  if (parts.length > 1) return parseUnion(parts.map(parseItem));
  return parseInequality(item) ?? parseEquation(item) ?? parseBracketed(item) ?? parseFormula(item);
}

/** The intervals of a value that may be read as a region, null where it may not. */
export function regionOf(value: AnswerValue): Region | null {
  if (value.kind === 'region') return value;
  if (value.kind === 'sequence') {
    const [lower, upper] = value.items;
    if (value.items.length !== 2 || lower?.kind !== 'expression' || upper?.kind !== 'expression') return null;
    const interval = {
      lower: { value: lower.expression, closed: value.open === '[' },
      upper: { value: upper.expression, closed: value.close === ']' },
    };
    return { kind: 'region', variable: '', intervals: [interval] };
  }
  if (value.kind !== 'collection') return null;
  if (!value.isSet) return regionOfParts(value.items);
  const points = value.items.flatMap((item) => (item.kind === 'expression' ? [item.expression] : []));
  if (points.length !== value.items.length) return null;
  const intervals = points.map((point) => ({
    lower: { value: point, closed: true },
    upper: { value: point, closed: true },
  }));
  return { kind: 'region', variable: '', intervals };
}

/** Intervals and inequalities side by side. */
function regionOfParts(items: readonly AnswerValue[]): Region | null {
  const regions = items.flatMap((item) => (item.kind === 'collection' ? [] : (regionOf(item) ?? [])));
  const variables = new Set(regions.map(({ variable }) => variable).filter((variable) => variable !== ''));
  if (regions.length < items.length || variables.size > 1) return null;
  const intervals = regions.flatMap((region) => region.intervals);
  return { kind: 'region', variable: [...variables][0] ?? '', intervals, isListed: true };
}

function parseUnion(parts: AnswerValue[]): AnswerValue {
  const regions = parts.map((part) => regionOf(part) ?? fail());
  return { kind: 'region', variable: '', intervals: regions.flatMap(({ intervals }) => intervals) };
}

function fail(): never {
  throw new Undecided('a union of something else than intervals and points');
}

function parseList(text: string): AnswerValue {
  const choice = parseChoice(text);
  if (choice !== null) return choice;
  if (isText(text)) return { kind: 'text', text };
  const wrapped = /^\\text\{([^{}]*)\}$/.exec(text)?.[1];
  if (wrapped !== undefined && wrapped.trim() !== '') return parseList(wrapped.trim());
  const separators =
    / *[,;] *(?:\\text\{ *(?:and|or) *\}|and |or )? *|\\text\{ *,? *(?:and|or) *\}|(?<![a-z])(?:and|or)(?![a-z])/g;
  const parts = splitOutside(text, separators).filter((part) => part !== '');
  if (parts.length < 2) {
    const value = parseItem(text);
    // A list of one value, as programs print it.
    const only = value.kind === 'sequence' && value.items.length === 1 ? value.items[0] : undefined;
    return only === undefined || only.kind === 'sequence' ? value : only;
  }
  return { kind: 'collection', isSet: false, items: parts.map(parseItem) };
}

/**
 * Reads a cleaned answer. Plus-minus gives both values.
 * @throws Undecided where it cannot be read.
 */
export function parseAnswer(text: string): AnswerValue {
  if (!/\\(?:pm|mp)(?![a-z])/.test(text)) return parseList(text);
  const signs = [
    ['+', '-'],
    ['-', '+'],
  ] as const;
  const items = signs
    .map(([plus, minus]) => parseList(text.replaceAll(/\\pm(?![a-z])/g, plus).replaceAll(/\\mp(?![a-z])/g, minus)))
    .flatMap((value) => (value.kind === 'collection' ? value.items : [value]));
  return { kind: 'collection', isSet: false, items };
}
