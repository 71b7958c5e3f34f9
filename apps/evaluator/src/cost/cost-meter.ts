import type { Trajectory } from '@dgpo/trajectory';
import { type CountedEpisodeCost, countEpisodeCost, type EpisodeCost } from './episode-cost.js';

export interface CostMeterOptions {
  /** What the model runs on: an engine, or `endpoint` for one behind an API. */
  engine: string;
  /** Milliseconds that never go back. @default performance.now */
  now?: () => number;
  /** Highest resident memory so far, in bytes. @default that of this process */
  peakMemory?: () => number;
}

export interface MeteredEpisode {
  /** The set or benchmark. */
  set: string;
  trajectory: Trajectory;
  /** What an endpoint counted, in place of what the episode shows. @default the tokens of the episode */
  usage?: Partial<Pick<CountedEpisodeCost, 'modelCalls' | 'promptTokens' | 'policyTokens'>>;
}

/** Measures episodes as they end. */
export interface CostMeter {
  /** Starts the clock anew: what has passed since the last episode belongs to none. */
  restart(): void;
  /** The cost of episodes that have just ended; the time since the ones before is shared among them. */
  record(episodes: readonly MeteredEpisode[]): EpisodeCost[];
}

/** The kilobytes of `getrusage`, which Node gives alike on every system. */
const peakMemoryOfProcess = () => process.resourceUsage().maxRSS * 1024;

/** A meter whose clock starts now. */
export function createCostMeter(options: CostMeterOptions): CostMeter {
  const { engine, now = () => performance.now(), peakMemory = peakMemoryOfProcess } = options;
  let last = now();
  return {
    restart: () => {
      last = now();
    },
    record: (episodes) => {
      if (episodes.length === 0) return [];
      const time = now();
      const seconds = (time - last) / 1000 / episodes.length;
      last = time;
      const peakMemoryBytes = peakMemory();
      return episodes.map(({ set, trajectory, usage = {} }) => ({
        set,
        engine,
        ...countEpisodeCost(trajectory),
        ...usage,
        seconds,
        peakMemoryBytes,
      }));
    },
  };
}
