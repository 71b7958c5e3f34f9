import type { HintFailure, HintStep } from '../failure.js';
import { fieldOf } from '../hint-task.js';

/** What the instruction of a shop asks for. */
export interface WebshopTarget {
  attributes: number;
  /** The wished values, lower case, with the names of their options where the task has names. */
  options: readonly { name: string | null; value: string }[];
  /** Null without a limit. */
  priceUpper: number | null;
}

/** What was bought, as it was looked at. */
export interface Purchase {
  turn: number;
  /** The values that were chosen when it was bought. */
  chosen: readonly string[];
  /** Pages of the product that were opened. */
  opened: readonly string[];
  /** The lowest price on its page; null when none could be read. */
  price: number | null;
}

/** Commands as they are read, with the page they were sent from. */
export interface Click extends HintStep {
  turn: number;
  name: 'search' | 'click' | null;
  label: string;
  page: 'search' | 'results' | 'item' | 'sub-page';
}

const subPages = new Set(['description', 'features', 'reviews', 'attributes']);

function parse(command: string | null): Pick<Click, 'name' | 'label'> {
  const [, name, label = ''] = /^(search|click)\[([^\n]+)\]/.exec(command?.trim() ?? '') ?? [];
  return { name: name === 'search' || name === 'click' ? name : null, label: label.toLowerCase() };
}

function nextPage({ executed, label, name, page }: Click): Click['page'] {
  if (!executed) return page;
  if (name === 'search') return 'results';
  if (label === 'back to search') return 'search';
  if (label === '< prev') return page === 'sub-page' ? 'item' : 'results';
  if (label === 'next >') return 'results';
  if (page === 'results') return 'item';
  return page === 'item' && subPages.has(label) ? 'sub-page' : page;
}

/** The texts of a page in order, lower case, without what marks buttons. */
function textsOf(page: string): string[] {
  const texts = page.toLowerCase().split(/\[sep\]|\||\n/);
  return texts.map((text) => text.replace(/\[(?:clicked )?button_?\]/g, '').trim()).filter((text) => text !== '');
}

/** The lowest price of a page. */
function priceOn(page: string): number | null {
  const [, digits] = /Price:\s*\$\s?([\d,]+(?:\.\d+)?)/i.exec(page) ?? [];
  return digits === undefined ? null : Number(digits.replaceAll(',', ''));
}

/** What options are often called, for pages whose texts do not tell names from values. */
const usualNames = [
  ...['capacity', 'color', 'compatible model', 'finish', 'fit type', 'flavor', 'flavor name', 'height', 'item shape'],
  ...['length', 'material', 'material type', 'number of items', 'pattern', 'pattern name', 'scent', 'scent name'],
  ...['shade', 'size', 'style', 'weight', 'width'],
];

/** The values that a product's page offers, each with the name of its option. */
function optionsOn(page: string, names: ReadonlySet<string>): Map<string, string> {
  const texts = textsOf(page);
  const first = texts.indexOf('< prev') + 1;
  const title = texts.findIndex((text) => text.startsWith('price:')) - 1;
  const options = new Map<string, string>();
  let name = texts[first] ?? '';
  for (const text of texts.slice(first + 1, Math.max(0, title))) {
    if (names.has(text)) name = text;
    else options.set(text, name);
  }
  return options;
}

/** Numbers and titles of the products that pages of results list; lower case. */
export function productsSeen(steps: readonly HintStep[]): string[] {
  const listed = steps.flatMap(({ observation }) => {
    const texts = textsOf(observation);
    const next = texts.indexOf('next >');
    if (next < 0) return [];
    // A number, a title and a price each; short pages count their products with a word before the number.
    return texts.slice(next + 1).flatMap((text, index) => {
      if (index % 3 === 2) return [];
      return index % 3 === 0 ? [text.slice(text.lastIndexOf(' ') + 1)] : [text];
    });
  });
  return [...new Set(listed)];
}

interface Look extends Omit<Purchase, 'turn' | 'chosen'> {
  /** By option. */
  chosen: ReadonlyMap<string, string>;
  offered: ReadonlyMap<string, string>;
}

/** The commands of a visit in order, and what was bought; null when nothing was. */
export function visitOf(
  steps: readonly HintStep[],
  { options }: Pick<WebshopTarget, 'options'>,
): { clicks: Click[]; purchase: Purchase | null } {
  const names = new Set([...usualNames, ...options.flatMap(({ name }) => (name === null ? [] : [name]))]);
  let page: Click['page'] = 'search';
  let looked: Look = { chosen: new Map(), offered: new Map(), opened: [], price: null };
  let purchase: Purchase | null = null;
  const clicks = steps.map((step, turn): Click => {
    const click: Click = { ...step, ...parse(step.command), turn, page };
    const { executed, label, observation } = click;
    const next = nextPage(click);
    if (executed && page === 'item' && label === 'buy now') {
      const { chosen, opened, price } = looked;
      purchase = { chosen: [...chosen.values()], opened, price, turn };
    } else if (executed && page !== 'item' && page !== 'sub-page' && next === 'item') {
      const offered = optionsOn(observation, names);
      looked = { chosen: new Map(), offered, opened: [], price: priceOn(observation) };
    } else if (executed && next === 'sub-page' && page === 'item') {
      looked = { ...looked, opened: [...looked.opened, label] };
    } else if (executed && next === 'item' && page === 'item') {
      const option = looked.offered.get(label) ?? label;
      looked = { ...looked, chosen: new Map([...looked.chosen, [option, label]]) };
    }
    page = next;
    return click;
  });
  return { clicks, purchase };
}

/** Prices from this on are the original's way to say that there is no limit. */
const noLimit = 1_000_000;

/** What a task asks for: as `metadata.goal` of the shop says; from a task without it only the limit in its words is known. */
export function webshopTarget({ goal: words, metadata }: HintFailure): WebshopTarget {
  const goal = fieldOf(metadata, 'goal');
  const { attributes, options, priceUpper } = {
    attributes: fieldOf(goal, 'attributes'),
    options: fieldOf(goal, 'options'),
    priceUpper: fieldOf(goal, 'priceUpper'),
  };
  const [, limit] = /price lower than ([\d.]*\d) dollars/.exec(words) ?? [];
  const upper = typeof priceUpper === 'number' ? priceUpper : limit === undefined ? noLimit : Number(limit);
  const wished: readonly (readonly [name: string | null, value: unknown])[] = Array.isArray(options)
    ? options.map((value) => [null, value])
    : typeof options === 'object' && options !== null
      ? Object.entries(options)
      : [];
  return {
    attributes: Array.isArray(attributes) ? attributes.length : 0,
    options: wished.map(([name, value]) => ({
      name: name?.toLowerCase() ?? null,
      value: String(value).toLowerCase(),
    })),
    priceUpper: upper < noLimit ? upper : null,
  };
}
