import { createVirtualizer, defaultRangeExtractor } from '@tanstack/solid-virtual';
import { createEffect, createSignal, For, on, onMount, Show } from 'solid-js';
import type { EpisodeRow } from '../../../src/viewer/api.js';
import { toWords } from '../logic/labels.js';
import { toHash } from '../logic/route.js';
import { Verdict } from './verdict.jsx';

const rowHeight = 36;
const titles = ['outcome', 'question', 'answer', 'cause', 'searches', 'tokens'] as const;

/** Where a reader was in a list, by the list: they return to it with the back button. */
const places = new Map<string, { current: number; top: number }>();

export interface EpisodeGridProps {
  run: string;
  /** Changes with the filter. */
  identity: string;
  total: number;
  rowAt: (index: number) => EpisodeRow | undefined;
  show: (first: number, last: number, current: number) => void;
  isBusy: boolean;
}

/**
 * A table of any number of episodes: only the rows in sight, and the current one, are in the page. One tab stop; arrows move from link
 * to link, Enter follows.
 */
export function EpisodeGrid(props: EpisodeGridProps) {
  let viewport: HTMLDivElement | undefined;
  const remembered = places.get(props.identity);
  const [current, setCurrent] = createSignal(remembered?.current ?? 0);
  /** Set until the link of the current row is there to take the focus. */
  let wantsFocus = remembered !== undefined;
  const virtualizer = createVirtualizer({
    get count() {
      return props.total;
    },
    getScrollElement: () => viewport ?? null,
    estimateSize: () => rowHeight,
    // The titles stay above the rows.
    scrollMargin: rowHeight,
    scrollPaddingStart: rowHeight,
    overscan: 12,
    initialOffset: remembered?.top ?? 0,
    // A row that vanished would take the focus with it.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      const kept = Math.min(current(), range.count - 1);
      return shown.includes(kept) || kept < 0 ? shown : [...shown, kept].sort((a, b) => a - b);
    },
  });
  createEffect(() => {
    const { startIndex, endIndex } = virtualizer.range ?? { startIndex: 0, endIndex: 0 };
    if (virtualizer.getVirtualItems().length > 0) props.show(startIndex, endIndex, current());
  });
  const focusCurrent = () => {
    if (!wantsFocus) return;
    const link = viewport?.querySelector<HTMLElement>(`#row-${current()} a`);
    if (link === undefined || link === null) return;
    wantsFocus = false;
    link.focus({ preventScroll: true });
  };
  createEffect(() => {
    virtualizer.getVirtualItems();
    props.rowAt(current());
    queueMicrotask(focusCurrent);
  });
  createEffect(
    on(
      () => props.identity,
      () => {
        setCurrent(0);
        viewport?.scrollTo({ top: 0 });
      },
      { defer: true },
    ),
  );
  const move = (index: number) => {
    setCurrent(Math.max(0, Math.min(props.total - 1, index)));
    // Until the row is there, its list has the focus and hears the next key.
    viewport?.focus({ preventScroll: true });
    virtualizer.scrollToIndex(current());
    wantsFocus = true;
    focusCurrent();
  };
  const page = () => Math.max(1, Math.floor((viewport?.clientHeight ?? rowHeight) / rowHeight) - 2);
  const moves: Readonly<Record<string, () => void>> = {
    ArrowDown: () => move(current() + 1),
    ArrowUp: () => move(current() - 1),
    PageDown: () => move(current() + page()),
    PageUp: () => move(current() - page()),
    Home: () => move(0),
    End: () => move(props.total - 1),
  };
  onMount(() => {
    if (remembered !== undefined) viewport?.scrollTo({ top: remembered.top });
    viewport?.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const act = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
      if (act === undefined) return;
      event.preventDefault();
      act();
    });
  });
  const leave = (index: number) => places.set(props.identity, { current: index, top: viewport?.scrollTop ?? 0 });
  return (
    <div class="episodes" ref={viewport} tabindex="-1">
      <table aria-label="Episodes" aria-rowcount={props.total + 1} aria-busy={props.isBusy}>
        <thead>
          <tr class="row" aria-rowindex={1}>
            <For each={titles}>
              {(title, index) => (
                <th scope="col" classList={{ number: index() > 3 }}>
                  {title}
                </th>
              )}
            </For>
          </tr>
        </thead>
        <tbody style={{ height: `${virtualizer.getTotalSize()}px` }}>
          <For each={virtualizer.getVirtualItems()}>
            {(item) => (
              <Row
                index={item.index}
                top={item.start - rowHeight}
                run={props.run}
                row={props.rowAt(item.index)}
                isCurrent={current() === item.index}
                choose={() => setCurrent(item.index)}
                leave={() => leave(item.index)}
              />
            )}
          </For>
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  index: number;
  top: number;
  run: string;
  row: EpisodeRow | undefined;
  isCurrent: boolean;
  choose: () => void;
  leave: () => void;
}

function Row(props: RowProps) {
  return (
    <tr
      class="row"
      classList={{ 'is-current': props.isCurrent }}
      id={`row-${props.index}`}
      aria-rowindex={props.index + 2}
      style={{ transform: `translateY(${props.top}px)` }}
    >
      <Show when={props.row} fallback={<td>…</td>}>
        {(row) => (
          <>
            <td>
              <Verdict correct={row().correct} />
            </td>
            <td>
              <a
                href={toHash({ view: 'episode', run: props.run, key: row().key, channel: null })}
                tabindex={props.isCurrent ? 0 : -1}
                onFocus={() => props.choose()}
                onClick={() => props.leave()}
              >
                {row().question}
              </a>
            </td>
            <td>{row().answer || '–'}</td>
            <td class="soft">{row().cause === null ? '–' : toWords(row().cause ?? '')}</td>
            <td class="number">{row().searches}</td>
            <td class="number">{row().policyTokens ?? '–'}</td>
          </>
        )}
      </Show>
    </tr>
  );
}
