import { createByteTokenizer, type EpisodeState } from '@dgpo/envs';
import { EnvironmentError, type Task } from '@dgpo/trajectory';
import type { Colors } from '../commands/colors.js';
import type { Playable } from './playable.js';

export interface PlayEpisodeOptions {
  playable: Playable;
  task: Task;
  /** What the person types; it may end at any time. */
  lines: AsyncIterable<string>;
  write: (text: string) => void;
  colors: Colors;
  /** Repeat each line, for input that shows nothing of itself. */
  echo: boolean;
  signal: AbortSignal;
}

const tokenizer = createByteTokenizer();

/** The state after a line, as if a policy had written it. */
async function step(playable: Playable, state: EpisodeState, line: string, signal: AbortSignal): Promise<EpisodeState> {
  const text = playable.write(line);
  const tokenIds = tokenizer.encode(text);
  const completion = { tokenIds, logProbs: tokenIds.map(() => 0), text, finishReason: 'end' as const };
  const [next] = await playable.environment.step({ turns: [{ state, completion }], tokenizer, signal });
  return next ?? state;
}

const turnsOf = (count: number) => `${count} ${count === 1 ? 'turn' : 'turns'}`;

/** How it ended, in one line. */
function renderEnding({ outcome, turn }: EpisodeState, colors: Colors): string {
  if (outcome === null) return `left after ${turnsOf(turn)}`;
  const figures = `reward ${outcome.reward} after ${turnsOf(turn)}`;
  if (outcome.correct) return `${colors.green('solved')}: ${figures}`;
  const why = { answer: 'not solved', turns: 'no turns left', length: 'no room left', error: 'broken' }[
    outcome.endedBy
  ];
  return `${colors.yellow(why)}: ${figures}`;
}

/**
 * One episode by hand: a line is a command, `?` lists what could be typed, `!` tells the expert's next move, `q` leaves.
 * @throws {EnvironmentError} when the environment itself fails
 */
export async function playEpisode(options: PlayEpisodeOptions): Promise<EpisodeState> {
  const { playable, task, lines, write, colors, echo, signal } = options;
  const prompt = () => write(colors.cyan('> '));
  let state = playable.environment.start({ task, tokenizer });
  let isLeft = false;
  write(`${state.segments[0]?.text.trim() ?? ''}\n\n`);
  write(`${colors.dim("? lists what you can do, ! tells the expert's next move, q leaves")}\n\n`);
  prompt();
  for await (const typed of lines) {
    const line = typed.trim();
    if (echo) write(`${line}\n`);
    isLeft = line === 'q';
    if (isLeft) break;
    if (line === '?') write(`${playable.admissible(state).join('\n')}\n`);
    else if (line === '!') write(`${playable.expert(state)}\n`);
    else if (line !== '') {
      const seen = state.segments.length + 1;
      state = await step(playable, state, line, signal);
      for (const { text } of state.segments.slice(seen)) write(`${playable.read(text)}\n`);
    }
    if (state.outcome !== null) break;
    prompt();
  }
  signal.throwIfAborted();
  if (state.outcome?.error !== undefined) throw new EnvironmentError(state.outcome.error);
  // The end of the input leaves its prompt behind.
  if (state.outcome === null && !isLeft) write('\n');
  write(`${renderEnding(state, colors)}\n`);
  return state;
}
