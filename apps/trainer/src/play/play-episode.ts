import { createByteTokenizer, type EpisodeState } from '@dgpo/envs';
import { EnvironmentError, type Outcome, type Task } from '@dgpo/trajectory';
import type { Playable } from './playable.js';

/** What happens while a person plays, in order. */
export type PlayEvent =
  /** What is read first. */
  | { type: 'start'; task: string; text: string; turns: number }
  /** The person's turn; `within` a command that has begun. */
  | { type: 'wait'; within?: true }
  | { type: 'line'; text: string }
  | { type: 'admissible'; commands: string[] }
  | { type: 'expert'; command: string }
  /** What a command brought. */
  | { type: 'observation'; text: string; turnsLeft: number }
  /** The last event: `outcome` is null when the person left, by `q` or by the end of the input. */
  | { type: 'end'; turns: number; outcome: Outcome | null };

export interface PlayEpisodeOptions {
  playable: Playable;
  task: Task;
  /** What the person types; it may end at any time. */
  lines: AsyncIterable<string>;
  signal: AbortSignal;
}

const tokenizer = createByteTokenizer();

/** The state after a command, as if a policy had written it. */
async function step(
  playable: Playable,
  state: EpisodeState,
  command: string,
  signal: AbortSignal,
): Promise<EpisodeState> {
  const text = playable.write(command, state);
  const tokenIds = tokenizer.encode(text);
  const completion = { tokenIds, logProbs: tokenIds.map(() => 0), text, finishReason: 'end' as const };
  const [next] = await playable.environment.step({ turns: [{ state, completion }], tokenizer, signal });
  return next ?? state;
}

/**
 * One episode by hand: a line is a command (or several, as the environment has it), `?` lists what could be typed, `!` tells the expert's
 * next move, `q` leaves.
 * @throws {EnvironmentError} when the environment itself fails, and the signal's reason
 */
export async function* playEpisode(options: PlayEpisodeOptions): AsyncGenerator<PlayEvent> {
  const { playable, task, lines, signal } = options;
  let state = playable.environment.start({ task, tokenizer });
  const begun: string[] = [];
  async function* carryOut(): AsyncGenerator<PlayEvent> {
    const command = begun.splice(0).join('\n').trim();
    const seen = state.segments.length + 1;
    state = await step(playable, state, command, signal);
    const turnsLeft = playable.maxTurns - state.turn;
    for (const { text } of state.segments.slice(seen)) {
      yield { type: 'observation', text: playable.read(text), turnsLeft };
    }
  }
  const text = state.segments[0]?.text.trim() ?? '';
  yield { type: 'start', task: task.id, text, turns: playable.maxTurns };
  yield { type: 'wait' };
  for await (const typed of lines) {
    // Within a command spaces may count.
    const line = begun.length === 0 ? typed.trim() : typed.trimEnd();
    yield { type: 'line', text: line };
    if (begun.length > 0) begun.push(line);
    else if (line === 'q') break;
    else if (line === '?') yield { type: 'admissible', commands: playable.admissible(state) };
    else if (line === '!') yield { type: 'expert', command: playable.expert(state) };
    else if (line !== '') begun.push(line);
    if (begun.length > 0) {
      if (playable.isWhole?.(begun) === false) {
        yield { type: 'wait', within: true };
        continue;
      }
      yield* carryOut();
    }
    if (state.outcome !== null) break;
    yield { type: 'wait' };
  }
  signal.throwIfAborted();
  // The end of the input ends a command as well.
  if (begun.length > 0) yield* carryOut();
  if (state.outcome?.error !== undefined) throw new EnvironmentError(state.outcome.error);
  yield { type: 'end', turns: state.turn, outcome: state.outcome };
}
