import { ConfigError, type Trajectory } from '@dgpo/trajectory';
import { requireCount } from '../require-options.js';
import { findMentions, toldMentions } from './find-mentions.js';
import { hintFrame, hintsOf } from './hint-block.js';
import {
  type HintMatch,
  matchHint,
  type SearchedText,
  type SoughtHint,
  searchedText,
  soughtHint,
} from './match-hint.js';

/** A place that speaks of a hint. */
export interface HintTrace {
  /** Of the episode. */
  trajectory: string;
  /** `ids`: the text of a segment is clean, its token ids are not. */
  place: 'prompt' | 'policy' | 'observation' | 'ids' | 'action' | 'task';
  /** Of the segment or the action; 0 for the task. */
  index: number;
  /** The hint, a line of what stands around hints in a prompt, or the word of a mention. */
  hint: string;
  /** `mention`: the policy speaks of advice or hints, and nothing that it was told does. */
  match: HintMatch | 'mention';
}

export interface TraceOptions {
  /** Texts that are part of the world and no traces, such as its instructions, even where hints use the same words. @default [] */
  ignore?: readonly string[];
  /** So many words of a hint in a row are a trace, if they are at least half of its words. @default 5 */
  minWords?: number;
  /** A sentence more alike to a hint than this (Ratcliff and Obershelp) is a trace. @default 0.85 */
  threshold?: number;
  /** Of the policy's tokenizer: what the token ids say is searched too. */
  decode?: (tokenIds: readonly number[]) => string;
}

export interface FindHintTracesOptions extends TraceOptions {
  trajectories: Iterable<Trajectory>;
  hints: Iterable<string>;
}

interface Place {
  at: Omit<HintTrace, 'trajectory' | 'hint' | 'match'>;
  text: string;
  /** Whether the policy wrote it. */
  isOwn: boolean;
}

function placesOf({ actions, segments, task }: Trajectory, { decode }: TraceOptions): Place[] {
  const taskTexts = [task.question, ...(task.prompt ?? []).map(({ content }) => content), ...hintsOf(task)];
  return [
    ...segments.flatMap(({ kind, text, tokenIds }, index): Place[] => {
      const decoded = decode === undefined || tokenIds === undefined ? text : decode(tokenIds);
      const isOwn = kind === 'policy';
      return [
        { at: { place: kind, index }, text, isOwn },
        ...(decoded === text ? [] : [{ at: { place: 'ids' as const, index }, text: decoded, isOwn }]),
      ];
    }),
    ...actions.flatMap(({ answer, command, query, text }, index) =>
      [text, command, query, answer].flatMap((one): Place[] =>
        one === undefined ? [] : [{ at: { place: 'action', index }, text: one, isOwn: true }],
      ),
    ),
    ...taskTexts.map((text): Place => ({ at: { place: 'task', index: 0 }, text, isOwn: false })),
  ];
}

/** A search for hints that remembers the texts it has seen: prompts and observations repeat. */
function createSearch(hints: Iterable<string>, options: TraceOptions) {
  const { ignore = [], minWords = 5, threshold = 0.85 } = options;
  requireCount('minWords', minWords);
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new ConfigError(`expected a number from 0 to 1, found ${threshold}`, { where: 'threshold' });
  }
  const frame = [...hintFrame.opening, hintFrame.closing];
  const sought = [...new Set([...hints, ...frame])].map(soughtHint);
  const ignored = ignore.filter((text) => text.trim() !== '');
  const remembered = new Map<string, { sought: SoughtHint; match: HintMatch }[]>();
  const search = (text: string) => {
    // A line break keeps what stood on both sides apart.
    const own = ignored.reduce((rest, one) => rest.replaceAll(one, '\n\u0000\n'), text);
    const searched: SearchedText = searchedText(own);
    return sought.flatMap((one) => {
      const match = matchHint(searched, one, { minWords, threshold });
      return match === null ? [] : [{ sought: one, match }];
    });
  };
  return (text: string) => {
    const found = remembered.get(text) ?? search(text);
    if (remembered.size < 100_000) remembered.set(text, found);
    return found;
  };
}

/**
 * Whatever still speaks of hints: in the segments of episodes (and what their ids decode to), their actions and tasks. A trace is a hint
 * letter by letter; in other case, punctuation, spacing or invisible characters, or with names for its placeholders; a long part of it;
 * or a sentence that is nearly one. The lines around hints in a prompt count as hints. Where the policy writes a word such as `advice`
 * or `hint` that stands in nothing it was told, that is a trace too.
 *
 * @throws ConfigError for options out of range
 */
export function findHintTraces(options: FindHintTracesOptions): HintTrace[] {
  const { hints, trajectories, ...rest } = options;
  const search = createSearch(hints, rest);
  const traces: HintTrace[] = [];
  for (const trajectory of trajectories) {
    const told = toldMentions(trajectory);
    for (const { at, isOwn, text } of placesOf(trajectory, rest)) {
      const place = { trajectory: trajectory.id, ...at };
      for (const { match, sought } of search(text)) traces.push({ ...place, hint: sought.hint, match });
      const words = isOwn ? findMentions(text).filter((word) => !told.has(word)) : [];
      for (const word of words) traces.push({ ...place, hint: word, match: 'mention' });
    }
  }
  return traces;
}
