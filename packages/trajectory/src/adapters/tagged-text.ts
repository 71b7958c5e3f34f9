import type { Action, Segment } from '../trajectory.js';
import { blankEpisode, type EpisodeParts } from './build-trajectory.js';
import { detach } from './log-record.js';
import { splitDocuments } from './split-documents.js';

/** How a system marks actions and passages in one running text. */
export interface TagSyntax {
  search: Pair;
  answer: Pair;
  documents: Pair;
  /** Where a block of passages ends whose closing tag was cut off. */
  resume: readonly string[];
  /** What the environment says after a turn without an action. */
  notice?: Pair;
}

interface Pair {
  open: string;
  close: string;
}

interface Tag {
  kind: 'search' | 'answer';
  content: string;
  end: number;
}

/** What the environment wrote, by position in the text. */
interface Observation {
  start: number;
  end: number;
  /** Of passages, what stands between the tags. */
  documents?: string;
}

/**
 * Reads the running text of an episode, without its prompt. Passages are what directly follows a query; a block of passages anywhere else
 * was written by the policy. Complete tags of the policy are its actions, a stretch without any is an invalid one, and a search is
 * executed if passages follow it; a text of blanks alone is an invalid action. The texts of the segments add up to the text. Linear in its length.
 */
export function readTaggedText(text: string, syntax: TagSyntax): EpisodeParts {
  if (text.trim() === '') return blankEpisode(text);
  const { search, answer } = syntax;
  const tokens = tokenPattern([search.open, search.close, answer.open, answer.close]);
  const segments: Segment[] = [];
  const actions: Action[] = [];
  let at = 0;
  let turn = 0;
  let isOpen = false;
  const readStretch = (end: number, observation: Observation | null) => {
    const stretch = text.slice(at, end);
    if (stretch === '') return;
    segments.push({ kind: 'policy', text: stretch });
    const read = readActions({ stretch, syntax, tokens, turn, observation });
    actions.push(...read.actions);
    isOpen = read.isOpen;
    if (read.actions.length > 0) turn += 1;
  };
  for (const observation of findObservations(text, syntax)) {
    readStretch(observation.start, observation);
    segments.push({ kind: 'observation', text: text.slice(observation.start, observation.end) });
    at = observation.end;
  }
  readStretch(text.length, null);
  return { segments, actions, ...(isOpen ? { endedBy: 'length' } : {}) };
}

const skipBlanks = (text: string, from: number) => {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 32) at += 1;
  return at;
};

/** `indexOf` for positions that only grow: each stretch of the text is looked at once. */
function finder(text: string, mark: string): (from: number) => number {
  let found = -2;
  return (from) => {
    if (found === -2 || (found !== -1 && found < from)) found = text.indexOf(mark, from);
    return found === -1 ? Number.POSITIVE_INFINITY : found;
  };
}

/** The message has about two hundred characters; what has no end by then is the policy quoting it. */
const longestNotice = 1000;

function* findObservations(text: string, syntax: TagSyntax): Generator<Observation> {
  const { search, documents, notice } = syntax;
  const nextOpen = finder(text, documents.open);
  const nextClose = finder(text, documents.close);
  const nextNotice = notice === undefined ? () => Number.POSITIVE_INFINITY : finder(text, notice.open);
  const resume = tokenPattern(syntax.resume);
  let at = 0;
  for (;;) {
    const open = nextOpen(at);
    const said = nextNotice(at);
    if (!Number.isFinite(Math.min(open, said))) return;
    if (notice !== undefined && said < open) {
      const close = text.slice(said, said + longestNotice).indexOf(notice.close);
      const end = close === -1 ? -1 : skipLine(text, said + close + notice.close.length);
      if (end !== -1) yield { start: said > at && text[said - 1] === '\n' ? said - 1 : said, end };
      at = end === -1 ? said + notice.open.length : end;
      continue;
    }
    const inner = open + documents.open.length;
    let start = open;
    while (start > at && text.charCodeAt(start - 1) <= 32) start -= 1;
    if (!text.endsWith(search.close, start) || start - search.close.length < at) {
      at = inner;
      continue;
    }
    const close = nextClose(inner);
    const isClosed = close < nextOpen(inner);
    resume.lastIndex = inner;
    const until = isClosed ? close : (resume.exec(text)?.index ?? text.length);
    const end = isClosed ? skipBlanks(text, close + documents.close.length) : until;
    yield { start, end, documents: text.slice(inner, until) };
    at = end;
  }
}

const skipLine = (text: string, at: number) => (text[at] === '\n' ? at + 1 : at);

const escapeLiteral = (literal: string) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const tokenPattern = (literals: readonly string[]) => new RegExp(literals.map(escapeLiteral).join('|'), 'g');

/** What the policy wrote in one go, and what the environment answered. */
interface Stretch {
  stretch: string;
  syntax: TagSyntax;
  /** All tags of actions. */
  tokens: RegExp;
  turn: number;
  observation: Observation | null;
}

function readActions({ stretch, syntax, tokens, turn, observation }: Stretch): { actions: Action[]; isOpen: boolean } {
  const { tags, isOpen } = completeTags(stretch, syntax, tokens);
  const isExecuted = observation?.documents !== undefined;
  const last = tags.length - 1;
  // The environment found no action here, or there is none: what the tags say does not count.
  if (tags.length === 0 || (observation !== null && !isExecuted)) {
    const isBlank = stretch.trim() === '';
    return { actions: isBlank ? [] : [{ turn, kind: 'invalid', text: stretch, executed: false }], isOpen };
  }
  const lastAnswer = tags.findLastIndex(({ kind }) => kind === 'answer');
  const actions = tags.map(({ kind, content, end }, index): Action => {
    const start = index === 0 ? 0 : (tags[index - 1]?.end ?? 0);
    const base = { turn, text: stretch.slice(start, index === last ? stretch.length : end) };
    if (kind === 'answer') return { ...base, kind, answer: detach(content), executed: index === lastAnswer };
    if (content === '') return { ...base, kind: 'invalid', executed: false };
    const found = isExecuted && index === last ? observation?.documents : undefined;
    const query = detach(content);
    if (found === undefined) return { ...base, kind, query, executed: false };
    return { ...base, kind, query, executed: true, documents: splitDocuments(found) };
  });
  return { actions, isOpen };
}

/** Complete is a closing tag that follows an opening one of its kind with no tag between; the content is trimmed. */
function completeTags(
  stretch: string,
  { search, answer }: TagSyntax,
  tokens: RegExp,
): { tags: Tag[]; isOpen: boolean } {
  const tags: Tag[] = [];
  let opened: { kind: Tag['kind']; end: number } | null = null;
  for (const match of stretch.matchAll(tokens)) {
    const token = match[0];
    const kind = token === search.open || token === search.close ? 'search' : 'answer';
    const end = match.index + token.length;
    if (token === search.open || token === answer.open) {
      opened = { kind, end };
      continue;
    }
    if (opened?.kind === kind) tags.push({ kind, content: stretch.slice(opened.end, match.index).trim(), end });
    opened = null;
  }
  return { tags, isOpen: opened !== null };
}
