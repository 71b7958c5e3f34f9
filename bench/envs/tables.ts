import type { InterpreterFigures } from './interpreters.js';
import type { TextWorldFigures } from './text-worlds.js';

/** What `bench/results/envs.json` holds. */
export interface EnvsResults {
  machine: { cpu: string; cores: number; node: string };
  textWorlds: TextWorldFigures[];
  interpreters: InterpreterFigures[];
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map((_, column) => (column === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
const whole = (value: number) => Math.round(value).toLocaleString('en-US');

/** The tables of `docs/performance.md`, also printed to the terminal. */
export function envsTables({ machine, textWorlds, interpreters }: EnvsResults): string {
  return [
    `Measured on ${machine.cores} cores of ${machine.cpu}, Node ${machine.node}.`,
    table(
      ['world', 'episodes', 'steps', 'steps a second of one core'],
      textWorlds.map(({ world, episodes, steps, stepsPerCpuSecond }) => [
        world,
        whole(episodes),
        whole(steps),
        whole(stepsPerCpuSecond),
      ]),
    ),
    table(
      ['interpreter', 'start, s', 'steps/s within an episode', 'episodes/s, reset included'],
      interpreters.map(({ language, startSeconds, stepsPerSecond, episodesPerSecond }) => [
        language,
        startSeconds.toFixed(1),
        whole(stepsPerSecond),
        whole(episodesPerSecond),
      ]),
    ),
  ].join('\n\n');
}
