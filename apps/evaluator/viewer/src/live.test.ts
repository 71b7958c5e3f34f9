import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ViewerEvent } from '../../src/viewer/api.js';

/** The end of a connection that the page holds. */
class FakeSource extends EventTarget {
  isClosed = false;
  constructor(readonly url: string) {
    super();
    sources.push(this);
  }
  close() {
    this.isClosed = true;
  }
  tell(event: ViewerEvent) {
    this.dispatchEvent(new MessageEvent(event.type, { data: JSON.stringify(event) }));
  }
}

let sources: FakeSource[];
let page: EventTarget & { visibilityState?: string };
let live: typeof import('./live.js');

const turn = (visibilityState: 'visible' | 'hidden') => {
  page.visibilityState = visibilityState;
  page.dispatchEvent(new Event('visibilitychange'));
};
const isOpen = () => sources.map(({ isClosed }) => !isClosed);

beforeEach(async () => {
  sources = [];
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('window', Object.assign(new EventTarget(), { location: { hash: '' } }));
  vi.stubGlobal('document', page);
  vi.stubGlobal('EventSource', FakeSource);
  vi.resetModules();
  live = await import('./live.js');
});
afterEach(() => void vi.unstubAllGlobals());

it('knows of changes by run and part, and of those that it may have missed while it was away', () => {
  live.startListening();
  const [source] = sources;
  const versions = () => [
    live.versionOf('a', 'episodes'),
    live.versionOf('a', 'metrics'),
    live.versionOf('b', 'metrics'),
  ];
  source?.dispatchEvent(new Event('open'));
  expect([live.isLive(), versions()]).toEqual([true, [0, 0, 0]]);
  source?.tell({ type: 'run', id: 'a', episodes: 1, updatedAt: 0, changed: ['episodes'] });
  expect([live.versionOfRuns(), versions()]).toEqual([1, [1, 0, 0]]);
  source?.dispatchEvent(new Event('error'));
  expect(live.isLive()).toBe(false);
  source?.dispatchEvent(new Event('open'));
  expect([live.isLive(), versions()]).toEqual([true, [2, 1, 1]]);
});

it('holds no connection while the page is hidden, and looks anew once it is seen', () => {
  live.startListening();
  sources[0]?.dispatchEvent(new Event('open'));
  turn('hidden');
  expect([isOpen(), live.isLive()]).toEqual([[false], false]);
  turn('visible');
  turn('visible');
  expect(isOpen()).toEqual([false, true]);
  sources[1]?.dispatchEvent(new Event('open'));
  expect([live.isLive(), live.versionOf('a', 'metrics')]).toEqual([true, 1]);
});

it('waits with the connection of a page that is opened in the background', () => {
  page.visibilityState = 'hidden';
  live.startListening();
  expect(sources).toEqual([]);
  turn('visible');
  expect(isOpen()).toEqual([true]);
  // What the page shows was loaded before.
  sources[0]?.dispatchEvent(new Event('open'));
  expect(live.versionOf('a', 'episodes')).toBe(1);
});
