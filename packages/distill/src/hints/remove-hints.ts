import { DatasetError, type Segment, type Task, type Trajectory } from '@dgpo/trajectory';
import { hintsOf } from './hint-block.js';
import { hintDomain } from './hint-task.js';
import { referencePrompt, stripHints, stripTask } from './strip-hints.js';

/** Of the policy. */
export interface HintTokenizer {
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
}

/** Where the prompt without hints comes from. */
export type CleanPrompt =
  | {
      /**
       * Renders the prompt of a task that has no hints, as the environment does: with `@dgpo/envs`
       * `(task) => environment.start({ task, tokenizer }).segments[0]`.
       */
      promptOf: (task: Task) => Segment | undefined;
    }
  | {
      /** Encodes what is left of the prompt's text. */
      tokenizer: HintTokenizer;
      /** `reference` keeps of the prompt what the published code keeps, see the README. */
      compat?: 'reference';
    };

export type RemoveHintsOptions = CleanPrompt & {
  trajectory: Trajectory;
  /** @default those that the task carries */
  hints?: readonly string[];
};

const sameIds = (one: readonly number[] = [], other: readonly number[] = []) =>
  one.length === other.length && one.every((id, index) => id === other[index]);

const isSame = (one: Segment, other: Segment) => one.text === other.text && sameIds(one.tokenIds, other.tokenIds);

function encoded(segment: Segment, text: string, tokenizer: HintTokenizer, where: string): Segment {
  if (text === segment.text) return segment;
  if (segment.tokenIds === undefined) return { ...segment, text };
  const encode = (part: string) => tokenizer.encode(part, { allowSpecial: true });
  if (!sameIds(encode(segment.text), segment.tokenIds)) {
    throw new DatasetError(
      'the tokenizer does not give the ids of this prompt: it is another one, or tags in the observation were encoded as text; ' +
        'give promptOf, which renders the prompt as the environment does',
      { where },
    );
  }
  return { ...segment, text, tokenIds: encode(text) };
}

function rendered(segment: Segment, prompt: Segment | undefined, where: string): Segment {
  if (prompt?.kind === 'prompt' && (prompt.tokenIds !== undefined || segment.tokenIds === undefined)) return prompt;
  throw new DatasetError('promptOf has to give a prompt segment with tokenIds', { where });
}

/**
 * An episode as the student sees it: prompt and task without hints. The prompt is the one that was never given hints, encoded anew; what
 * the policy sampled and what it observed stay, token by token. The policy's log-probabilities go where the prompt has changed: they were those under the other prompt. Whether the
 * policy speaks of its hints is for `findHintTraces` to say.
 *
 * @throws DatasetError when the prompt cannot be encoded as it was, or is not the first segment and the only prompt; ConfigError for
 * `compat` on an episode of another environment
 */
export function removeHints(options: RemoveHintsOptions): Trajectory {
  const { trajectory, hints = hintsOf(trajectory.task) } = options;
  const where = `trajectory ${trajectory.id}`;
  const [first, ...rest] = trajectory.segments;
  if (first?.kind !== 'prompt' || rest.some(({ kind }) => kind === 'prompt')) {
    throw new DatasetError('expected one prompt, as the first segment', { where });
  }
  const task = stripTask(trajectory.task, hints);
  const cleaned = (): Segment => {
    if ('promptOf' in options) return rendered(first, options.promptOf(task), where);
    const plain = stripHints(first.text, hints);
    const text = options.compat === 'reference' ? referencePrompt(plain, hintDomain(trajectory)) : plain;
    return encoded(first, text, options.tokenizer, where);
  };
  const prompt = cleaned();
  const turns = isSame(prompt, first) ? rest : rest.map(({ logProbs: _, ...segment }) => segment);
  return { ...trajectory, task, segments: [prompt, ...turns] };
}
