import { isDeepStrictEqual } from 'node:util';
import { createRandom, EnvironmentError, type Random, type Task } from '@dgpo/trajectory';
import { createByteTokenizer } from '../byte-tokenizer.js';
import { contextTokenIds, type Environment, type EpisodeState, type Turn } from '../environment.js';
import type { EpisodeTokenizer } from '../policy.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';

export interface CheckEnvironmentOptions {
  /** One with an oracle. */
  environment: Environment;
  /** At least one, each with a golden answer. */
  tasks: readonly Task[];
  /** @default createByteTokenizer() */
  tokenizer?: EpisodeTokenizer;
  /** Tokens that an episode may take as the environment is set up. @default no limit but the tokenizer's */
  maxContextTokens?: number;
  /** Pieces that random policies write besides arbitrary characters; add the tags of the environment. @default the tags of search */
  vocabulary?: readonly string[];
  /** Episodes of random policies. @default 50 */
  episodes?: number;
  /** Turns after which an episode counts as endless. @default 100 */
  maxTurns?: number;
  /** @default 0 */
  seed?: number;
}

const searchVocabulary = ['think', 'search', 'information', 'answer']
  .flatMap((name) => [`<${name}>`, `</${name}>`, `<${name}`, `</${name}`])
  .concat(['Lima', ' ', '\n', '?', '"', '{question}', '<', '>']);

function randomText(random: Random, vocabulary: readonly string[]): string {
  const piece = () => (random.next() < 0.8 ? random.pick(vocabulary) : String.fromCodePoint(random.integer(0xd7ff)));
  return Array.from({ length: random.integer(8) }, piece).join('');
}

/** A turn of the text, cut as the state asks. */
function completionOf(state: EpisodeState, text: string, tokenizer: EpisodeTokenizer): Turn {
  const tokenIds = tokenizer.encode(text, { allowSpecial: true }).slice(0, state.next?.maxTokens ?? 0);
  const logProbs = tokenIds.map(() => -1);
  return { state, completion: { tokenIds, logProbs, text: tokenizer.decode(tokenIds), finishReason: 'length' } };
}

/** The same tokenizer of a model that takes so many tokens. */
const limitedTo = (maxContextTokens: number, tokenizer: EpisodeTokenizer): EpisodeTokenizer => ({
  encode: (text, options) => tokenizer.encode(text, options),
  decode: (tokenIds) => tokenizer.decode(tokenIds),
  ...(tokenizer.renderChat === undefined ? {} : { renderChat: (messages) => tokenizer.renderChat?.(messages) ?? '' }),
  maxContextTokens,
});

/** Tokens that the small model of the check takes after the longest prompt: hardly a turn. */
const tightRoom = 32;

/**
 * Holds an environment against the contract of {@link Environment}: a task starts the same every time, states are plain data, whatever a
 * policy writes is accepted, given states stay unchanged, a stored state gives the same next one, policy tokens are kept as sampled, a
 * batch gives what single steps give, no episode outgrows its limit of tokens or that of a small model, episodes end, and the oracle,
 * which it must have, scores 1. The environment's world (a retriever) must be deterministic and up.
 * @throws EnvironmentError naming the first rule that does not hold.
 */
export async function checkEnvironment(options: CheckEnvironmentOptions): Promise<void> {
  const { environment, tasks, tokenizer = createByteTokenizer(), vocabulary = searchVocabulary } = options;
  const { episodes = 50, maxContextTokens = Number.POSITIVE_INFINITY, maxTurns = 100, seed = 0 } = options;
  const { name, oracle } = environment;
  if (tasks.length === 0) throw new EnvironmentError('no task to check it with', { where: name });
  if (oracle === undefined) {
    throw new EnvironmentError('has no oracle, so that nothing shows that its tasks can be solved', { where: name });
  }
  const require = (holds: boolean, rule: string, task: Task) => {
    if (!holds) throw new EnvironmentError(rule, { where: `environment ${name}, task ${task.id}` });
  };
  const checkState = (state: EpisodeState, limit: number) => {
    const { next, outcome, segments, task } = state;
    const copy: unknown = JSON.parse(JSON.stringify(state));
    require(isDeepStrictEqual(copy, state), 'a state does not survive JSON', task);
    require((next === null) === (outcome !== null), 'next must be null exactly when there is an outcome', task);
    const aligned = segments.every(({ tokenIds }) => tokenIds !== undefined);
    require(aligned, 'a segment carries no token ids', task);
    const tokens = contextTokenIds(state).length + (next?.maxTokens ?? 0);
    require(next === null || tokens <= limit, `a turn must end within ${limit} tokens, but may take ${tokens}`, task);
  };
  const step = async (turns: readonly Turn[], reader: EpisodeTokenizer): Promise<EpisodeState[]> => {
    try {
      return await environment.step({ turns, tokenizer: reader });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EnvironmentError(`step must not throw, but did: ${reason}`, { where: `environment ${name}`, cause });
    }
  };

  /** Episodes of random policies with this tokenizer. */
  const play = async (reader: EpisodeTokenizer, count: number) => {
    const limit = Math.min(maxContextTokens, reader.maxContextTokens ?? Number.POSITIVE_INFINITY);
    const random = createRandom(seed);
    let running = Array.from({ length: count }, (_, index) => {
      const task = tasks[index % tasks.length] as Task;
      const state = environment.start({ task, tokenizer: reader });
      const again = environment.start({ task, tokenizer: reader });
      require(isDeepStrictEqual(again, state), 'a task must start the same every time', task);
      require(state.segments[0]?.kind === 'prompt', 'an episode must start with a prompt segment', task);
      checkState(state, limit);
      return { state, random: random.split('episode', index) };
    });
    running = running.filter(({ state }) => state.outcome === null);
    for (let turn = 0; turn < maxTurns && running.length > 0; turn++) {
      const turns = running.map((episode) =>
        completionOf(episode.state, randomText(episode.random, vocabulary), reader),
      );
      const before = JSON.stringify(turns);
      const states = await step(turns, reader);
      const single = await Promise.all(turns.map((one) => step([one], reader)));
      const unchanged = JSON.stringify(turns) === before;
      const stored = await step(JSON.parse(before) as Turn[], reader);
      running = running.map((episode, index) => {
        const { task, segments } = episode.state;
        const state = states[index] ?? episode.state;
        require(states.length === turns.length, 'step must return one state per turn', task);
        require(unchanged, 'step must not change the states it is given', task);
        require(isDeepStrictEqual(single[index], [state]), 'a batch must give what single steps give', task);
        require(isDeepStrictEqual(stored[index], state), 'a stored state must give the same next state', task);
        checkState(state, limit);
        const written = state.segments[segments.length];
        const kept = isDeepStrictEqual(written?.tokenIds, turns[index]?.completion.tokenIds);
        require(kept && written?.kind === 'policy', 'policy tokens must be kept exactly as sampled', task);
        return { ...episode, state };
      });
      running = running.filter(({ state }) => state.outcome === null);
    }
    const endless = running[0];
    if (endless !== undefined) require(false, `an episode did not end in ${maxTurns} turns`, endless.state.task);
  };

  await play(tokenizer, episodes);
  const prompts = tasks.map((task) => contextTokenIds(environment.start({ task, tokenizer })).length);
  const tight = Math.min(Math.max(...prompts) + tightRoom, tokenizer.maxContextTokens ?? Number.POSITIVE_INFINITY);
  await play(limitedTo(tight, tokenizer), Math.min(episodes, tasks.length));

  const policy = createScriptedPolicy({ script: oracle, tokenizer });
  for (const { task, outcome } of await runEpisodes({ environment, policy, tasks, seed })) {
    require(outcome.correct && outcome.reward === 1, `the oracle scored ${outcome.reward}, expected 1`, task);
  }
}
