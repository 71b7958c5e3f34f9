import {
  type CodeInterpreter,
  type CodeStep,
  createInterpreterPool,
  createJavaScriptInterpreter,
  createPythonInterpreter,
  type InterpreterPool,
} from '@dgpo/envs/code';
import { median, secondsOf } from '../measure.js';

export interface InterpreterFigures {
  language: string;
  /** Until a new process has run its first step. */
  startSeconds: number;
  /** Steps of one episode, each after the one before. */
  stepsPerSecond: number;
  /** Episodes of one step, with the reset before each. */
  episodesPerSecond: number;
}

const languages: Record<string, { start: () => Promise<CodeInterpreter>; code: string }> = {
  python: { start: () => createPythonInterpreter(), code: 'total = sum(range(100))\nprint(total)\ntotal' },
  javascript: {
    start: () => createJavaScriptInterpreter(),
    code: 'var total = 0; for (let i = 0; i < 100; i++) total += i;\nprint(total);\ntotal',
  },
};

/** An episode of so many steps. */
async function runEpisode({ pool, code, count }: { pool: InterpreterPool; code: string; count: number }) {
  const steps: CodeStep[] = [];
  for (let index = 0; index < count; index++) {
    const { calls, value } = await pool.run({ steps, code, tools: [] });
    if (value !== '4950') throw new Error(`expected 4950, found ${value}`);
    steps.push({ code, calls });
  }
}

/** Each language in a pool of one process. */
export async function interpreterFigures(options: {
  /** Steps of the long episode. */
  steps: number;
  /** Episodes of one step. */
  episodes: number;
  repeats: number;
}): Promise<InterpreterFigures[]> {
  const { steps, episodes, repeats } = options;
  const figures: InterpreterFigures[] = [];
  for (const [language, { start, code }] of Object.entries(languages)) {
    const pool = createInterpreterPool({ start, size: 1 });
    try {
      const [startSeconds = Number.NaN] = await secondsOf({
        run: () => runEpisode({ pool, code, count: 1 }),
        warmUps: 0,
        repeats: 1,
      });
      const within = await secondsOf({ run: () => runEpisode({ pool, code, count: steps }), repeats });
      const across = await secondsOf({
        run: async () => {
          for (let episode = 0; episode < episodes; episode++) await runEpisode({ pool, code, count: 1 });
        },
        repeats,
      });
      figures.push({
        language,
        startSeconds,
        stepsPerSecond: steps / median(within),
        episodesPerSecond: episodes / median(across),
      });
    } finally {
      await pool.close();
    }
  }
  return figures;
}
