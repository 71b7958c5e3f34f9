import type { Segment, Task, Trajectory } from '@dgpo/trajectory';

/** One id per character. */
export const characters = {
  encode: (text: string) => Array.from(text, (character) => character.codePointAt(0) ?? 0),
  decode: (ids: readonly number[]) => ids.map((id) => String.fromCodePoint(id)).join(''),
};

export const segment = (kind: Segment['kind'], text: string): Segment => ({
  kind,
  text,
  tokenIds: characters.encode(text),
  ...(kind === 'policy' ? { logProbs: Array.from(text, () => -0.5) } : {}),
});

/** A command, what was read then, and `refused` where the world did not carry it out; null for a turn without a command. */
export type Turn = readonly [command: string | null, observation?: string, refused?: 'refused'];

interface WorldEpisode {
  environment?: string;
  task?: Partial<Task>;
  sample?: number;
  turns?: readonly Turn[];
  prompt?: string;
  outcome?: Partial<Trajectory['outcome']>;
}

/** An episode in the ReAct format, failed unless told otherwise. */
export function worldEpisode(options: WorldEpisode): Trajectory {
  const { environment = 'household', sample = 0, turns = [], prompt = 'Play.\n' } = options;
  const task: Task = { id: 'game', question: 'put a clean mug in shelf', goldenAnswers: [], ...options.task };
  const textOf = (command: string | null) => (command === null ? 'Hm.' : `Action: ${command}`);
  return {
    id: `${task.id}#${sample}`,
    task,
    environment,
    sample,
    segments: [
      segment('prompt', prompt),
      ...turns.flatMap(([command, observation]) => [
        segment('policy', textOf(command)),
        ...(observation === undefined ? [] : [segment('observation', `\nObservation: ${observation}\n`)]),
      ]),
    ],
    actions: turns.map(([command, , refused], turn) => ({
      turn,
      text: textOf(command),
      executed: command !== null && refused === undefined,
      ...(command === null ? { kind: 'invalid' as const } : { kind: 'command' as const, command }),
    })),
    outcome: { correct: false, reward: 0, answer: null, endedBy: 'turns', ...options.outcome },
  };
}
