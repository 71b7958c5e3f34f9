import type { HintFailure } from '../failure.js';
import { findLoop, findRepeated } from './find-repetition.js';
import { type HintFinding, mostFrequent } from './finding.js';
import { type Click, type Purchase, visitOf, type WebshopTarget, webshopTarget } from './webshop-visit.js';

const placeholders = ['size', 'color', 'material'] as const;

/** The options that were not chosen, as placeholders where they have one. */
function optionHint({ namedOptions }: WebshopTarget, chosen: readonly string[]): string {
  const missing = namedOptions.filter(([, value]) => !chosen.includes(value)).map(([name]) => name);
  const known = placeholders.filter((placeholder) => missing.some((name) => name.includes(placeholder)));
  const isCovered = missing.every((name) => known.some((placeholder) => name.includes(placeholder)));
  if (missing.length === 0 || !isCovered)
    return 'Choose every option that the instruction names before you buy the {item}.';
  const list = known.map((placeholder) => `the {${placeholder}}`).join(' and ');
  return `Choose ${list} that the instruction names before you buy the {item}.`;
}

function purchaseFindings({ chosen, opened, price, turn }: Purchase, target: WebshopTarget): HintFinding[] {
  const found: HintFinding[] = [];
  if (new Set(chosen).size < target.options) {
    found.push({ rule: 'bought-without-options', turn, hint: optionHint(target, chosen) });
  }
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
  const { clicks, purchase } = visitOf(steps);
  const loop = findLoop(steps);
  const repeated = findRepeated(steps, repeats);
  const loopHint = 'Leave a round of pages that shows nothing new; search for the {item} in other words.';
  const repeatedHint = 'Do not send the same action again and again; change the words of the search or go back.';
  const neverHint = 'Buy the {item} that fits best before the steps run out.';
  return [
    ...(purchase === null ? [] : purchaseFindings(purchase, webshopTarget(failure))),
    ...(purchase === null && steps.length > 0
      ? [{ rule: 'never-bought', turn: steps.length - 1, hint: neverHint }]
      : []),
    ...mostFrequent(clicks.filter(({ command, executed }) => command !== null && !executed).map(refused), 1),
    ...(loop === undefined ? [] : [{ rule: 'no-effect-loop', turn: loop, hint: loopHint }]),
    ...(repeated === undefined ? [] : [{ rule: 'repeated-command', turn: repeated, hint: repeatedHint }]),
  ];
}
