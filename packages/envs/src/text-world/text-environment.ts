import { type Action, EnvironmentError } from '@dgpo/trajectory';
import {
  type ActionFormat,
  type ActionFormatName,
  type ActionNotes,
  createActionFormat,
} from '../actions/action-format.js';
import type { Environment, EpisodeState, Turn } from '../environment.js';
import { checkWhole } from '../episode/check-whole.js';
import { encodeMessage, encodeObservationText } from '../episode/encode-observation-text.js';
import {
  awaitTurn,
  checkFrame,
  checkLimits,
  type EpisodeLimits,
  endEpisode,
  endWithoutAnswer,
  messageRoom,
  observationRoom,
  observe,
  takeTurn,
} from '../episode/episode-limits.js';
import type { EpisodeTokenizer } from '../policy.js';
import {
  checkTextPromptTemplate,
  defaultTextPromptTemplate,
  encodeTextPrompt,
  type TextPromptTemplate,
} from './text-prompt.js';
import type { PlainData, TextWorld, WorldStep } from './text-world.js';

export interface TextEnvironmentOptions<State extends PlainData> {
  world: TextWorld<State>;
  /** How the policy writes its commands; see `createActionFormat`. @default 'react' */
  format?: ActionFormatName;
  /** Commands of an episode; a turn without a command counts too. @default 50 */
  maxTurns?: number;
  /** @default 200 */
  maxTokensPerTurn?: number;
  /** Longest observation, what stands around it included; the world's text is cut to fit. @default 500 */
  maxObservationTokens?: number;
  /** Longest episode; a policy with a smaller limit sets its own. @default 16384 */
  maxContextTokens?: number;
  /** @default '{instructions}\n\n{format}\n\n{observation}\n' */
  promptTemplate?: TextPromptTemplate;
  /** The observation after a turn without a command. @default a sentence that names the form of an action */
  invalidActionMessage?: string;
  /** What the oracle writes around its command. @default the task's question as goal, nothing else */
  annotate?: (state: EpisodeState) => ActionNotes;
}

/** The commands of a text world in one format. */
function textActions(format: ActionFormatName): ActionFormat {
  return createActionFormat({
    format,
    tools: [{ name: 'act', argument: 'command', description: 'carry out one command' }],
  });
}

/**
 * The environment of a {@link TextWorld}: one command a turn, until the world ends the episode or no turn is left (`endedBy: 'turns'`,
 * reward 0). Reward and correctness are the world's, and so is the answer to a command that cannot be carried out; a turn without a
 * command is answered by `invalidActionMessage` and leaves the world as it is. Observations are encoded as plain text, cut to their
 * limit. `state.world` is the state of the world, and the oracle writes the next command of the world's expert.
 * @throws ConfigError for options out of range.
 */
export function createTextEnvironment<State extends PlainData>(options: TextEnvironmentOptions<State>): Environment {
  const { world, format = 'react', maxTurns = 50, maxTokensPerTurn = 200 } = options;
  const { maxObservationTokens = 500, maxContextTokens = 16_384, promptTemplate = defaultTextPromptTemplate } = options;
  const { annotate = ({ task }) => ({ goal: task.question }) } = options;
  const actions = textActions(format);
  const { invalidActionMessage = `\n${actions.reminder}\n` } = options;
  const limits: EpisodeLimits = { maxTokensPerTurn, maxObservationTokens, maxContextTokens, stop: actions.stop };
  checkWhole('maxTurns', maxTurns, 1);
  checkLimits(limits);
  checkTextPromptTemplate(promptTemplate);

  const worldOf = ({ world: state, task }: EpisodeState): State => {
    if (state === undefined) {
      throw new EnvironmentError(`a state of another environment than ${world.name}`, { where: `task ${task.id}` });
    }
    // Only this environment writes the field, and states survive JSON unchanged.
    return state as State;
  };

  const stepOrError = (state: State, command: string): WorldStep<State> | { error: string } => {
    try {
      return world.step(state, command);
    } catch (error) {
      return { error: `${world.name}: ${error instanceof Error ? error.message : String(error)}` };
    }
  };

  /** The episode after a turn whose text asked for nothing. */
  const remind = (state: EpisodeState, tokenizer: EpisodeTokenizer): EpisodeState => {
    if (state.turn >= maxTurns) return endWithoutAnswer(state, 'turns');
    const maxTokens = messageRoom({ state, limits, tokenizer });
    const observation = encodeMessage({ message: invalidActionMessage, maxTokens, tokenizer });
    return observe({ state, observation, limits, tokenizer });
  };

  const stepOne = (turn: Turn, tokenizer: EpisodeTokenizer): EpisodeState => {
    const before = worldOf(turn.state);
    const { text } = turn.completion;
    const state = takeTurn(turn);
    const withAction = (action: Omit<Action, 'turn' | 'text'>): EpisodeState => ({
      ...state,
      actions: [...state.actions, { turn: turn.state.turn, text, ...action }],
    });
    const call = actions.parse(text);
    if (call === null) return remind(withAction({ kind: 'invalid', executed: false }), tokenizer);
    const command = String(call.arguments.command);
    const stepped = stepOrError(before, command);
    if ('error' in stepped) {
      return endWithoutAnswer(withAction({ kind: 'command', command, executed: false }), 'error', stepped.error);
    }
    const { executed, result, observation } = stepped;
    const acted = { ...withAction({ kind: 'command', command, executed }), world: stepped.state };
    if (result !== null) return endEpisode(acted, { ...result, answer: null, endedBy: 'answer' });
    if (acted.turn >= maxTurns) return endWithoutAnswer(acted, 'turns');
    const maxTokens = observationRoom({ state: acted, limits, tokenizer });
    const seen = encodeObservationText({ text: observation.trim(), ...actions.around(text), maxTokens, tokenizer });
    return observe({ state: acted, observation: seen, limits, tokenizer });
  };

  return {
    name: world.name,

    start({ task, tokenizer }) {
      checkFrame({ frame: actions.around(''), limits, tokenizer });
      const { state: first, observation, instructions = world.instructions } = world.start(task);
      const parts = { instructions, format: actions.instructions, observation, task };
      const prompt = encodeTextPrompt({ parts, template: promptTemplate, tokenizer });
      const state = { task, turn: 0, segments: [prompt], actions: [], world: first, next: null, outcome: null };
      return awaitTurn({ state, limits, tokenizer });
    },

    async step({ turns, tokenizer, signal }) {
      signal?.throwIfAborted();
      return turns.map((turn) => stepOne(turn, tokenizer));
    },

    oracle: (state) =>
      actions.render({ ...annotate(state), tool: 'act', arguments: { command: world.expert(worldOf(state)) } }),
  };
}
