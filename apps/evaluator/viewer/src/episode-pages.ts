import { type Accessor, batch, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js';
import type { EpisodeRow, EpisodesReply } from '../../src/viewer/api.js';
import { type EpisodeFilter, toParameters } from './logic/route.js';
import { fetchReply } from './query.js';
import { createRenewal } from './renewal.js';

const pageSize = 100;
/** Pages that are kept; those farthest from what is seen go first. */
const keptPages = 60;

export interface EpisodePages {
  /** The latest reply: counts, facets and progress. */
  reply: Accessor<EpisodesReply | undefined>;
  error: Accessor<Error | undefined>;
  /** Whether what is shown belongs to an older filter. */
  isStale: Accessor<boolean>;
  /** The row at a place of the list, if it is there by now. */
  rowAt: (index: number) => EpisodeRow | undefined;
  /** Says which rows are in sight, and which one the reader is at, so that they are fetched and kept. */
  show: (first: number, last: number, current: number) => void;
  reload: () => void;
}

/**
 * The rows of a list of any length, fetched by the page as they are scrolled to. Another filter starts anew, but what was shown stays
 * until its first page is there; a changed run renews what is seen and drops the rest.
 */
export function createEpisodePages(
  run: Accessor<string>,
  filter: Accessor<EpisodeFilter>,
  version: Accessor<number>,
): EpisodePages {
  const [rows, setRows] = createSignal<ReadonlyMap<number, readonly EpisodeRow[]>>(new Map());
  const [reply, setReply] = createSignal<EpisodesReply>();
  const [error, setError] = createSignal<Error>();
  const [isStale, setStale] = createSignal(false);
  const identity = createMemo(() => toParameters({ run: run(), ...filter() }).toString());
  let seen: readonly number[] = [0];
  /** Pages on their way, by scrolling. */
  const requested = new Set<number>();
  let scrolling = new AbortController();

  const fetchPage = (page: number, signal: AbortSignal) => {
    const place = toParameters({ offset: page * pageSize, limit: pageSize });
    return fetchReply<EpisodesReply>(`episodes?${identity()}&${place}`, signal);
  };
  const fail = (cause: unknown) => setError(cause instanceof Error ? cause : new Error(String(cause)));
  const receive = (pages: Map<number, readonly EpisodeRow[]>, answer: EpisodesReply) =>
    batch(() => {
      const middle = seen[0] ?? 0;
      const farthest = [...pages.keys()]
        .filter((page) => !seen.includes(page))
        .sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
      for (const far of farthest.slice(0, Math.max(0, pages.size - keptPages))) pages.delete(far);
      setRows(pages);
      setReply(answer);
      setStale(false);
      setError(undefined);
    });
  const request = (page: number) => {
    if (requested.has(page) || rows().has(page)) return;
    requested.add(page);
    const { signal } = scrolling;
    fetchPage(page, signal)
      .then((answer) => {
        if (!signal.aborted) receive(new Map(rows()).set(page, answer.rows), answer);
      })
      .catch((cause: unknown) => {
        if (!signal.aborted) fail(cause);
      })
      .finally(() => {
        if (!signal.aborted) requested.delete(page);
      });
  };
  const stopScrolling = () => {
    scrolling.abort();
    scrolling = new AbortController();
    requested.clear();
  };
  /** What is seen is fetched anew, all at once; what is not is forgotten. */
  const renewal = createRenewal(async (signal) => {
    const pages = seen;
    try {
      const answers = await Promise.all(pages.map((page) => fetchPage(page, signal)));
      const latest = answers.at(-1);
      if (signal.aborted || latest === undefined) return;
      stopScrolling();
      receive(new Map(pages.map((page, index) => [page, answers[index]?.rows ?? []])), latest);
      for (const page of seen) request(page);
    } catch (cause) {
      if (!signal.aborted) fail(cause);
    }
  });
  createEffect(
    on(identity, () => {
      seen = [0];
      setStale(reply() !== undefined);
      stopScrolling();
      renewal.restart();
    }),
  );
  createEffect(on(version, renewal.request, { defer: true }));
  onCleanup(() => {
    stopScrolling();
    renewal.stop();
  });
  return {
    reply,
    error,
    isStale,
    rowAt: (index) => rows().get(Math.floor(index / pageSize))?.[index % pageSize],
    show(first, last, current) {
      const from = Math.floor(first / pageSize);
      const inSight = Array.from({ length: Math.floor(last / pageSize) - from + 1 }, (_, place) => from + place);
      seen = [...new Set([...inSight, Math.floor(current / pageSize)])];
      if (!isStale()) for (const page of seen) request(page);
    },
    reload: renewal.restart,
  };
}
