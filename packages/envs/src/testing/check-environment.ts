import { isDeepStrictEqual } from 'node:util';
import { createRandom, EnvironmentError, type Random, type Task } from '@dgpo/trajectory';
import { createByteTokenizer } from '../byte-tokenizer.js';
import type { Environment, EpisodeState, Turn } from '../environment.js';
import type { EpisodeTokenizer } from '../policy.js';
import { runEpisodes } from '../run-episodes.js';
import { createScriptedPolicy } from '../scripted-policy.js';

export interface CheckEnvironmentOptions {
  environment: Environment;
  /** At least one, each with a golden answer. */
  tasks: readonly Task[];
  /** @default createByteTokenizer() */
  tokenizer?: EpisodeTokenizer;
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

/**
 * Holds an environment against the contract of {@link Environment}: states are plain data, whatever a policy writes is accepted,
 * given states stay unchanged, policy tokens are kept as sampled, a batch gives what single steps give, episodes end, and the
 * oracle scores 1. The environment's world (a retriever) must be deterministic and up.
 * @throws EnvironmentError naming the first rule that does not hold.
 */
export async function checkEnvironment(options: CheckEnvironmentOptions): Promise<void> {
  const { environment, tasks, tokenizer = createByteTokenizer(), vocabulary = searchVocabulary } = options;
  const { episodes = 50, maxTurns = 100, seed = 0 } = options;
  const require = (holds: boolean, rule: string, task: Task) => {
    if (!holds) throw new EnvironmentError(rule, { where: `environment ${environment.name}, task ${task.id}` });
  };
  const checkState = (state: EpisodeState) => {
    const copy: unknown = JSON.parse(JSON.stringify(state));
    require(isDeepStrictEqual(copy, state), 'a state does not survive JSON', state.task);
    require((state.next === null) ===
      (state.outcome !== null), 'next must be null exactly when there is an outcome', state.task);
    const aligned = state.segments.every(({ tokenIds }) => tokenIds !== undefined);
    require(aligned, 'a segment carries no token ids', state.task);
  };

  const random = createRandom(seed);
  let running = Array.from({ length: episodes }, (_, index) => {
    const task = tasks[index % tasks.length];
    if (task === undefined) throw new EnvironmentError('no task to check it with', { where: environment.name });
    const state = environment.start({ task, tokenizer });
    require(state.segments[0]?.kind === 'prompt', 'an episode must start with a prompt segment', task);
    checkState(state);
    return { state, random: random.split('episode', index) };
  });
  for (let turn = 0; turn < maxTurns && running.length > 0; turn++) {
    const turns = running.map((episode) =>
      completionOf(episode.state, randomText(episode.random, vocabulary), tokenizer),
    );
    const before = JSON.stringify(turns);
    const states = await environment.step({ turns, tokenizer });
    const single = await Promise.all(turns.map((one) => environment.step({ turns: [one], tokenizer })));
    const unchanged = JSON.stringify(turns) === before;
    running = running.map((episode, index) => {
      const { task, segments } = episode.state;
      const state = states[index] ?? episode.state;
      require(states.length === turns.length, 'step must return one state per turn', task);
      require(unchanged, 'step must not change the states it is given', task);
      require(isDeepStrictEqual(single[index], [state]), 'a batch must give what single steps give', task);
      checkState(state);
      const written = state.segments[segments.length];
      const kept = isDeepStrictEqual(written?.tokenIds, turns[index]?.completion.tokenIds);
      require(kept && written?.kind === 'policy', 'policy tokens must be kept exactly as sampled', task);
      return { ...episode, state };
    });
    running = running.filter(({ state }) => state.outcome === null);
  }
  const endless = running[0];
  if (endless !== undefined) require(false, `an episode did not end in ${maxTurns} turns`, endless.state.task);

  const { oracle } = environment;
  if (oracle === undefined) return;
  const policy = createScriptedPolicy({ script: oracle, tokenizer });
  for (const { task, outcome } of await runEpisodes({ environment, policy, tasks, seed })) {
    require(outcome.correct && outcome.reward === 1, `the oracle scored ${outcome.reward}, expected 1`, task);
  }
}
