import type { HintFailure } from '../failure.js';
import { findLoop, findRepeated } from './find-repetition.js';
import { type HintFinding, mostFrequent } from './finding.js';
import { type Click, type Purchase, visitOf, type WebshopTarget, webshopTarget } from './webshop-visit.js';

const placeholders = ['size', 'color', 'material'] as const;

const wordsOf = (text: string) => new Set(text.match(/[\p{L}\p{N}]+/gu));

/** Whether two values are the same, or one has all words of the other: what the shop's reward counts as equal at least. */
function agree(one: string, other: string): boolean {
  const [fewer, more] = [wordsOf(one), wordsOf(other)].sort((left, right) => left.size - right.size);
  return one === other || (fewer !== undefined && fewer.size > 0 && [...fewer].every((word) => more?.has(word)));
}

/** The wished options of which another value was chosen, or none. */
function missingOptions({ chosen }: Purchase, { options }: WebshopTarget): WebshopTarget['options'] {
  return options.filter(({ value }) => !chosen.some((label) => agree(label, value)));
}

/** Options as placeholders where all have one. */
function optionHint(missing: WebshopTarget['options']): string {
  const named = missing.map(({ name }) => placeholders.find((placeholder) => name?.includes(placeholder)));
  if (named.includes(undefined)) return 'Choose every option that the instruction names before you buy the {item}.';
  const known = placeholders.filter((placeholder) => named.includes(placeholder));
  const list = known.map((placeholder) => `the {${placeholder}}`).join(' and ');
  return `Choose ${list} that the instruction names before you buy the {item}.`;
}

function purchaseFindings(purchase: Purchase, target: WebshopTarget): HintFinding[] {
  const { opened, price, turn } = purchase;
  const found: HintFinding[] = [];
  const missing = missingOptions(purchase, target);
  if (missing.length > 0) found.push({ rule: 'bought-without-options', turn, hint: optionHint(missing) });
  if (price !== null && target.priceUpper !== null && price > target.priceUpper) {
    const hint = 'Compare the price of the {item} with the limit of the instruction before you buy it.';
    found.push({ rule: 'price-over-limit', turn, hint });
  }
  if (target.attributes > 0 && !opened.includes('features') && !opened.includes('attributes')) {
    const hint = 'Open the features of the {item} and look for the {attribute} before you buy it.';
    found.push({ rule: 'bought-without-features', turn, hint });
  }
  return found;
}

function refused({ label, name, page, turn }: Click): HintFinding {
  const hint =
    name === null
      ? 'Use nothing but search and click, with the words in brackets.'
      : label === 'buy now' && page !== 'item'
        ? 'Return to the page of the {item} before you buy it.'
        : 'Read the current page and click only what it lists.';
  return { rule: 'unmet-precondition', turn, hint };
}

/** What the rules find in a visit that did not earn everything, the gravest first. */
export function webshopFindings(failure: HintFailure, { repeats }: { repeats: number }): HintFinding[] {
  const { steps } = failure;
  const target = webshopTarget(failure);
  const { clicks, purchase } = visitOf(steps, target);
  const loop = findLoop(steps);
  const repeated = findRepeated(steps, repeats);
  const loopHint = 'Leave a round of pages that shows nothing new; search for the {item} in other words.';
  const repeatedHint = 'Do not send the same action again and again; change the words of the search or go back.';
  const neverHint = 'Buy the {item} that fits best before the steps run out.';
  return [
    ...(purchase === null ? [] : purchaseFindings(purchase, target)),
    ...(purchase === null && steps.length > 0
      ? [{ rule: 'never-bought', turn: steps.length - 1, hint: neverHint }]
      : []),
    ...mostFrequent(clicks.filter(({ command, executed }) => command !== null && !executed).map(refused), 1),
    ...(loop === undefined ? [] : [{ rule: 'no-effect-loop', turn: loop, hint: loopHint }]),
    ...(repeated === undefined ? [] : [{ rule: 'repeated-command', turn: repeated, hint: repeatedHint }]),
  ];
}
