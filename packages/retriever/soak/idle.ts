import { Session } from 'node:inspector/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** After the work: undefined when the process rests, else what it is busy with. */
export async function restlessness(): Promise<string | undefined> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.start');
  const before = process.cpuUsage();
  const begin = performance.now();
  await sleep(1000);
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1000 / (performance.now() - begin);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  if (share < 0.5) return undefined;
  const busiest = profile.nodes
    .filter(({ callFrame }) => !callFrame.functionName.startsWith('('))
    .sort((a, b) => (b.hitCount ?? 0) - (a.hitCount ?? 0))
    .slice(0, 3)
    .map(({ callFrame }) => `${callFrame.functionName} of ${callFrame.url}:${callFrame.lineNumber + 1}`);
  return `${Math.round(100 * share)} % busy after the end, with ${process.getActiveResourcesInfo().join(', ')} open, in ${busiest.join('; ')}`;
}
