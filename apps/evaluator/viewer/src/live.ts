import { createStore } from 'solid-js/store';
import type { ViewerEvent } from '../../src/viewer/api.js';
import { lasting } from './navigation.js';

const [isConnected, setConnected] = lasting(false);
const [runsVersion, setRunsVersion] = lasting(0);
const [versions, setVersions] = createStore<{ metrics: Record<string, number>; episodes: Record<string, number> }>({
  metrics: {},
  episodes: {},
});

/** Whether changes of the folder arrive by themselves. */
export const isLive = isConnected;

/** Grows when a run appears, vanishes or changes. */
export const versionOfRuns = runsVersion;

/** Grows when the curves or the episodes of a run change. */
export const versionOf = (run: string, part: 'metrics' | 'episodes'): number => versions[part][run] ?? 0;

/** Listens to the server for as long as the page is open; the browser reconnects by itself. */
export function startListening(): void {
  const source = new EventSource('api/events');
  source.addEventListener('open', () => setConnected(true));
  source.addEventListener('error', () => setConnected(false));
  const receive = ({ data }: MessageEvent<string>) => {
    const event = JSON.parse(data) as ViewerEvent;
    setRunsVersion((version) => version + 1);
    if (event.type === 'runs') return;
    for (const part of event.changed) setVersions(part, event.id, (version = 0) => version + 1);
  };
  source.addEventListener('runs', receive);
  source.addEventListener('run', receive);
}
