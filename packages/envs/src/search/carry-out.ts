import type { Action, RetrievedDocument } from '@dgpo/trajectory';
import type { Retriever } from '../retriever.js';
import type { EpisodeTool } from '../tool.js';
import { withinTime } from '../within-time.js';
import { findDocument } from './find-document.js';
import { openOrError, retrieveOrError } from './retrieve-or-error.js';
import type { SearchCall } from './search-actions.js';

/** What a call brought: passages, a text, or a failure of the environment. */
export type SearchResult = { documents: RetrievedDocument[] } | { text: string; isError: boolean } | { error: string };

interface CarryOutOptions {
  /** Null for turns whose call is not carried out. */
  calls: readonly ({ call: SearchCall; actions: readonly Action[] } | null)[];
  retriever: Retriever;
  topK: number;
  timeout: number;
  signal: AbortSignal | undefined;
}

type Surroundings = Omit<CarryOutOptions, 'calls'>;

async function open(name: string, actions: readonly Action[], around: Surroundings): Promise<SearchResult> {
  const found = findDocument(actions, name);
  const missing = { text: `There is no document "${name}" among the last results.`, isError: true };
  if (found === null) return missing;
  const opened = await openOrError({ ...around, id: found.document.id });
  if (!('document' in opened)) return opened;
  return opened.document === null ? missing : { documents: [{ ...found, document: opened.document }] };
}

async function callTool(
  tool: EpisodeTool,
  given: Readonly<Record<string, unknown>>,
  { timeout, signal }: Surroundings,
): Promise<SearchResult> {
  try {
    const work = (inner: AbortSignal) => tool.call({ arguments: given, signal: inner });
    const { text, isError } = await withinTime({ timeout, signal, work });
    return { text, isError };
  } catch (error) {
    signal?.throwIfAborted();
    return { text: `${tool.name} failed: ${error instanceof Error ? error.message : String(error)}`, isError: true };
  }
}

/** Carries out the calls of a batch, all searches together. Only an abort of the signal throws. */
export async function carryOut(options: CarryOutOptions): Promise<(SearchResult | null)[]> {
  const { calls, ...around } = options;
  const queries = calls.flatMap((entry) => (entry?.call.kind === 'search' ? [entry.call.query] : []));
  const searched = queries.length === 0 ? [] : retrieveOrError({ ...around, queries });
  const others = calls.map((entry) => {
    if (entry?.call.kind === 'open') return open(entry.call.document, entry.actions, around);
    if (entry?.call.kind === 'tool') return callTool(entry.call.tool, entry.call.arguments, around);
    return null;
  });
  const [retrieved, ...results] = await Promise.all([searched, ...others]);
  let query = 0;
  return calls.map((entry, index) => {
    if (entry?.call.kind !== 'search') return results[index] ?? null;
    return retrieved[query++] ?? null;
  });
}
