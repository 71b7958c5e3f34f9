import type { HintFailure, HintStep } from '../failure.js';
import { fieldOf } from '../hint-task.js';

/** What the instruction of a shop asks for. */
export interface WebshopTarget {
  attributes: number;
  /** How many options are to be chosen. */
  options: number;
  /** Names of the options with their wished values, where the task has names; lower case. */
  namedOptions: readonly (readonly [name: string, value: string])[];
  /** Null without a limit. */
  priceUpper: number | null;
}

/** What was bought, as it was looked at. */
export interface Purchase {
  turn: number;
  /** Labels of the options that were clicked. */
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

/** The lowest price of a page. */
function priceOn(page: string): number | null {
  const [, digits] = /Price:\s*\$\s?([\d,]+(?:\.\d+)?)/i.exec(page) ?? [];
  return digits === undefined ? null : Number(digits.replaceAll(',', ''));
}

/** The commands of a visit in order, and what was bought; null when nothing was. */
export function visitOf(steps: readonly HintStep[]): { clicks: Click[]; purchase: Purchase | null } {
  let page: Click['page'] = 'search';
  let looked: Omit<Purchase, 'turn'> = { chosen: [], opened: [], price: null };
  let purchase: Purchase | null = null;
  const clicks = steps.map((step, turn): Click => {
    const click: Click = { ...step, ...parse(step.command), turn, page };
    const { executed, label, observation } = click;
    const next = nextPage(click);
    if (executed && page === 'item' && label === 'buy now') purchase = { ...looked, turn };
    else if (executed && page !== 'item' && page !== 'sub-page' && next === 'item') {
      looked = { chosen: [], opened: [], price: priceOn(observation) };
    } else if (executed && next === 'sub-page' && page === 'item') {
      looked = { ...looked, opened: [...looked.opened, label] };
    } else if (executed && next === 'item' && page === 'item') {
      looked = { ...looked, chosen: [...looked.chosen, label] };
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
  const named =
    typeof options === 'object' && options !== null && !Array.isArray(options) ? Object.entries(options) : [];
  return {
    attributes: Array.isArray(attributes) ? attributes.length : 0,
    options: Array.isArray(options) ? options.length : named.length,
    namedOptions: named.map(([name, value]) => [name.toLowerCase(), String(value).toLowerCase()]),
    priceUpper: upper < noLimit ? upper : null,
  };
}
