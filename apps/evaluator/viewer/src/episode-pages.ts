import { type Accessor, batch, createEffect, createSignal, on, onCleanup } from 'solid-js';
import type { EpisodeRow, EpisodesReply } from '../../src/viewer/api.js';
import { type EpisodeFilter, toParameters } from './logic/route.js';
import { fetchReply } from './query.js';

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
  /** Says which rows are seen, so that they are fetched. */
  show: (first: number, last: number) => void;
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
  const [tries, setTries] = createSignal(0);
  const identity = () => toParameters({ run: run(), ...filter() }).toString();
  let seen: readonly number[] = [0];
  let controller = new AbortController();
  let requested = new Set<number>();
  /** The next page to arrive replaces all others. */
  let replaces = true;

  const receive = (page: number, answer: EpisodesReply) =>
    batch(() => {
      const kept = new Map(replaces ? [] : rows());
      replaces = false;
      kept.set(page, answer.rows);
      const middle = seen[Math.floor(seen.length / 2)] ?? 0;
      const farthest = [...kept.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
      for (const far of farthest.slice(0, Math.max(0, kept.size - keptPages))) {
        kept.delete(far);
        requested.delete(far);
      }
      setRows(kept);
      setReply(answer);
      setStale(false);
      setError(undefined);
    });

  const request = (page: number) => {
    if (requested.has(page)) return;
    requested.add(page);
    const own = controller;
    const place = { offset: page * pageSize, limit: pageSize };
    fetchReply<EpisodesReply>(`episodes?${identity()}&${toParameters(place)}`, own.signal).then(
      (answer) => {
        if (!own.signal.aborted) receive(page, answer);
      },
      (cause: unknown) => {
        if (own.signal.aborted) return;
        requested.delete(page);
        setError(cause instanceof Error ? cause : new Error(String(cause)));
      },
    );
  };
  const renew = () => {
    controller.abort();
    controller = new AbortController();
    requested = new Set();
    replaces = true;
    for (const page of seen) request(page);
  };
  createEffect(
    on(identity, () => {
      seen = [0];
      setStale(reply() !== undefined);
      renew();
    }),
  );
  createEffect(on([version, tries], renew, { defer: true }));
  onCleanup(() => controller.abort());
  return {
    reply,
    error,
    isStale,
    rowAt: (index) => rows().get(Math.floor(index / pageSize))?.[index % pageSize],
    show(first, last) {
      const pages: number[] = [];
      for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page += 1) pages.push(page);
      seen = pages.length === 0 ? [0] : pages;
      if (!isStale()) for (const page of seen) request(page);
    },
    reload: () => setTries((count) => count + 1),
  };
}
