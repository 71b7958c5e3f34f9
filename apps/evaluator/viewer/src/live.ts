import { createStore } from 'solid-js/store';
import type { ViewerEvent } from '../../src/viewer/api.js';
import { lasting } from './navigation.js';

const [isConnected, setConnected] = lasting(false);
const [runsVersion, setRunsVersion] = lasting(0);
/** Connections after a time without one, in which changes were not heard. */
const [epoch, setEpoch] = lasting(0);
const [versions, setVersions] = createStore<{ metrics: Record<string, number>; episodes: Record<string, number> }>({
  metrics: {},
  episodes: {},
});

/** Whether changes of the folder arrive by themselves. */
export const isLive = isConnected;

/** Grows when a run appears, vanishes or changes. */
export const versionOfRuns = runsVersion;

/** Grows when the curves or the episodes of a run change, and when they may have changed unheard. */
export const versionOf = (run: string, part: 'metrics' | 'episodes'): number => epoch() + (versions[part][run] ?? 0);

/**
 * Listens to the server while the page is seen; the browser reconnects by itself. Browsers allow six connections to a host over all tabs, so
 * a hidden page holds none.
 */
export function startListening(): void {
  let source: EventSource | undefined;
  let mayHaveMissed = false;
  const receive = ({ data }: MessageEvent<string>) => {
    const event = JSON.parse(data) as ViewerEvent;
    setRunsVersion((version) => version + 1);
    if (event.type === 'runs') return;
    for (const part of event.changed) setVersions(part, event.id, (version = 0) => version + 1);
  };
  const lose = () => {
    setConnected(false);
    mayHaveMissed = true;
  };
  const connect = () => {
    source = new EventSource('api/events');
    source.addEventListener('open', () => {
      setConnected(true);
      if (mayHaveMissed) setEpoch((value) => value + 1);
      mayHaveMissed = false;
    });
    source.addEventListener('error', lose);
    source.addEventListener('runs', receive);
    source.addEventListener('run', receive);
  };
  const adapt = () => {
    if (document.visibilityState === 'visible') {
      if (source === undefined) connect();
      return;
    }
    source?.close();
    source = undefined;
    lose();
  };
  document.addEventListener('visibilitychange', adapt);
  adapt();
}
