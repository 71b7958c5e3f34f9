import { type Profiler, Session } from 'node:inspector/promises';

/** Where the time of a rollout goes. */
export const parts = [
  'model',
  'drawing tokens',
  'sampler',
  'tokenizer',
  'episode loop',
  'retriever',
  'jobs',
  'garbage',
  'waiting',
  'runtime',
] as const;
export type Part = (typeof parts)[number];

const places: readonly (readonly [RegExp, Part])[] = [
  [/packages\/lm\/src\/sampling\/(token-distribution|token-weights|truncate)\.ts$/, 'drawing tokens'],
  [/packages\/lm\/src\/sampling\/(sampler|slots)\.ts$|stop-sequences\.ts$/, 'sampler'],
  [/packages\/lm\/src\/tokenizer\//, 'tokenizer'],
  [/packages\/lm\/|@tensorflow|koffi/, 'model'],
  [/packages\/(envs|trajectory)\//, 'episode loop'],
  [/packages\/retriever\//, 'retriever'],
  [/apps\/trainer\//, 'jobs'],
];

/** The part that a function belongs to: its own file's, else that of its caller (built-in functions, wasm, dependencies). */
function partOf({ functionName, url }: Profiler.ProfileNode['callFrame'], caller: Part): Part | 'profiler' {
  if (functionName === 'dispatch' && url === '') return 'profiler';
  // Only reading passages is waited for.
  if (functionName === '(idle)') return 'waiting';
  if (functionName === '(garbage collector)') return 'garbage';
  return places.find(([place]) => place.test(url))?.[1] ?? caller;
}

/** Seconds that this thread spends in each part while something runs, by V8's sampling profiler (every 0.2 ms). */
export async function profileParts(run: () => Promise<void>): Promise<Record<Part, number>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const partById = new Map<number, Part | 'profiler'>();
  const [root] = profile.nodes;
  const open: [number, Part][] = root === undefined ? [] : [[root.id, 'runtime']];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [id, caller] = next;
    const node = byId.get(id);
    if (node === undefined) continue;
    const part = partOf(node.callFrame, caller);
    partById.set(id, part);
    for (const child of node.children ?? []) open.push([child, part === 'profiler' ? 'runtime' : part]);
  }
  const seconds = Object.fromEntries(parts.map((part) => [part, 0])) as Record<Part, number>;
  profile.samples?.forEach((id, index) => {
    const part = partById.get(id) ?? 'runtime';
    if (part !== 'profiler') seconds[part] += (profile.timeDeltas?.[index] ?? 0) / 1e6;
  });
  return seconds;
}
