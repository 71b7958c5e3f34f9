import type { Trajectory } from '@dgpo/trajectory';
import { requireCount } from '../require-options.js';
import { createServerClient, type ServerOptions } from '../teachers/server-client.js';
import { createChat } from './ask-chat.js';
import { namesOf, normalizeHint, problemOf } from './check-hint.js';
import { extractHints, mostHints } from './extract-hints.js';
import { failureOf, type HintFailure } from './failure.js';
import { hintMessages, hintSchema } from './hint-prompt.js';
import type { HintRecord } from './hint-record.js';
import type { HintDomain } from './hint-task.js';
import { parseHints } from './parse-hints.js';
import { productsSeen } from './rules/webshop-visit.js';

/** Finds the hints of one failed episode. */
export interface HintWriter {
  /** `rules`, or the name of the model. */
  readonly source: string;
  write(request: { trajectory: Trajectory; signal?: AbortSignal | undefined }): Promise<HintRecord>;
}

interface WriterOptions {
  /** Hints of one episode. @default 4 for household, 2 for webshop */
  maxHints?: number;
  /** @default the environment of each trajectory */
  domain?: HintDomain;
  /**
   * `reference` does as the published runs do: names of categories as there; of a model's hints the first four are kept whatever the
   * world, cut to 240 characters instead of checked.
   */
  compat?: 'reference';
}

const recordOf = ({ domain, category, goal }: HintFailure, { id }: Trajectory, source: string) => ({
  id,
  domain,
  category,
  goal,
  source,
});

const failureOptions = ({ domain, compat }: WriterOptions) => ({
  ...(domain === undefined ? {} : { domain }),
  ...(compat === undefined ? {} : { compat }),
});

export interface RuleHintWriterOptions extends WriterOptions {
  /** The same command so often in a row counts as repeated. @default 3 */
  repeats?: number;
}

/** {@link extractHints} as a {@link HintWriter}. */
export function createRuleHintWriter(options: RuleHintWriterOptions = {}): HintWriter {
  const source = 'rules';
  const { compat: _, ...rules } = options;
  return {
    source,
    async write({ trajectory, signal }) {
      signal?.throwIfAborted();
      const failure = failureOf({ trajectory, ...failureOptions(options) });
      const found = extractHints({ trajectory, ...rules });
      return { ...recordOf(failure, trajectory, source), hints: found.map(({ hint }) => hint) };
    },
  };
}

export interface HintWriterOptions extends WriterOptions, ServerOptions {
  /** The model as the server names it. */
  model: string;
  /** Longest answer, in tokens. @default 600 */
  maxTokens?: number;
  /** Of the attempt as the model reads it; the oldest turns are left out. @default 24000 */
  maxTraceCharacters?: number;
}

/** The first four hints, cut: what the published runs keep. */
const referenceLimits = { hints: 4, characters: 240 };

interface CheckedHints {
  hints: string[];
  problems: string[];
}

/** Hints that keep the rules, each once, and what is wrong with the others. */
function checked(texts: readonly string[], failure: HintFailure, maxHints: number): CheckedHints {
  const { domain, metadata, steps } = failure;
  const names = [...namesOf(metadata), ...(domain === 'webshop' ? productsSeen(steps) : [])];
  const kept = new Map<string, string>();
  const problems: string[] = [];
  for (const text of texts) {
    const problem = problemOf({ text, domain, names });
    if (problem !== null) problems.push(`${problem}: ${text.slice(0, 120)}`);
    else if (!kept.has(normalizeHint(text))) kept.set(normalizeHint(text), text);
  }
  return { hints: [...kept.values()].slice(0, maxHints), problems };
}

/**
 * Hints by a model behind any server with `/v1/chat/completions`. It is asked for a JSON schema, where the server refuses that for JSON,
 * where it refuses that too by words alone. Hints that are too long, no instructions, or that hold numbers, names of the task or unknown
 * placeholders are left out; an answer without hints gives an empty set that says so.
 *
 * `write` throws ModelError when the server does not answer in time or refuses; ConfigError for an episode of another environment.
 *
 * @throws ConfigError for a bad URL, limit or key
 */
export function createHintWriter(options: HintWriterOptions): HintWriter {
  const { compat, model, maxTokens = 600, maxTraceCharacters = 24_000 } = options;
  requireCount('maxTokens', maxTokens);
  requireCount('maxHints', options.maxHints);
  requireCount('maxTraceCharacters', maxTraceCharacters);
  const client = createServerClient({ maxBodyBytes: 4 << 20, ...options });
  const ask = createChat({ client, model, maxTokens });
  return {
    source: model,
    async write({ trajectory, signal }) {
      const failure = failureOf({ trajectory, ...failureOptions(options) });
      const messages = hintMessages(failure, { maxTraceCharacters });
      const { text, refusal, inputTokens, outputTokens } = await ask({ messages, answer: hintSchema, signal });
      const record = { ...recordOf(failure, trajectory, model), tokens: inputTokens + outputTokens };
      const found = parseHints(text);
      if (found === null) {
        const problem =
          refusal === undefined
            ? `no hints in the answer: ${text.slice(0, 120)}`
            : `the model gave no text: ${refusal}`;
        return { ...record, hints: [], problems: [problem] };
      }
      if (compat === 'reference') {
        const { characters, hints } = referenceLimits;
        return {
          ...record,
          hints: found.slice(0, hints).map((hint) => Array.from(hint).slice(0, characters).join('')),
        };
      }
      const { hints, problems } = checked(found, failure, options.maxHints ?? mostHints[failure.domain]);
      return { ...record, hints, ...(problems.length === 0 ? {} : { problems }) };
    },
  };
}
