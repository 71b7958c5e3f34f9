import type { Action, Trajectory } from '@dgpo/trajectory';

export interface EpisodeOptions {
  task: string;
  /** @default 0 */
  sample?: number;
  /** @default true */
  correct?: boolean;
  /** @default 'answer' */
  endedBy?: Trajectory['outcome']['endedBy'];
  /** Token ids of the policy's turns; an observation of two tokens follows each but the last. @default [[1, 2]] */
  turns?: number[][];
  /** Kinds of actions; all but the invalid ones are executed. @default ['answer'] */
  actions?: Action['kind'][];
}

/** An episode with a prompt of two tokens; log-probabilities count −0.1, −0.2, … over the policy's tokens. */
export function episode(options: EpisodeOptions): Trajectory {
  const { task, sample = 0, correct = true, endedBy = 'answer', turns = [[1, 2]], actions = ['answer'] } = options;
  let count = 0;
  return {
    id: `${task}#${sample}`,
    task: { id: task, question: `${task}?`, goldenAnswers: ['yes'] },
    environment: 'search',
    sample,
    segments: [
      { kind: 'prompt', text: 'p', tokenIds: [90, 91] },
      ...turns.flatMap((tokenIds, turn): Trajectory['segments'] => [
        { kind: 'policy', text: `turn ${tokenIds.join()}`, tokenIds, logProbs: tokenIds.map(() => -++count / 10) },
        ...(turn < turns.length - 1 ? [{ kind: 'observation' as const, text: 'o', tokenIds: [80, 81] }] : []),
      ]),
    ],
    actions: actions.map((kind, turn) => ({ turn, kind, text: kind, executed: kind !== 'invalid' })),
    outcome: { correct, reward: correct ? 1 : 0, answer: correct ? 'yes' : null, endedBy },
  };
}
