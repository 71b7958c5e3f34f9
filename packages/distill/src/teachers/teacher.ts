import { type ChatMessage, ConfigError } from '@dgpo/trajectory';

/** One sequence and the tokens of it that are to be scored. */
export interface TeacherRow {
  /** `[time]`: exactly the ids that the student read and wrote. */
  tokenIds: ArrayLike<number>;
  /** `[time]`: 1 where the token at this index is scored given all before it. Index 0 never is. */
  mask: ArrayLike<number>;
}

/** The most likely tokens at each scored place; what they leave of the probability is the tail. */
export interface TeacherTopK {
  k: number;
  /** `[scored, k]`, row-major, most likely first. */
  tokenIds: Int32Array;
  /** `[scored, k]`, in nats, normalised over the whole vocabulary. */
  logProbs: Float32Array;
}

/** What a teacher says about one row, in the order of its scored tokens. */
export interface TeacherScores {
  /** `[scored]`: log-probability of each scored token, in nats. */
  logProbs: Float32Array;
  /** Present where the teacher was opened with `topK`. */
  topK?: TeacherTopK;
}

export interface ScoreOptions {
  signal?: AbortSignal;
}

/** A text, or a conversation that the chat template turns into one. */
export type TokenizeInput = { text: string } | { messages: readonly ChatMessage[] };

/** Whoever judges the student's tokens: a local model, or a server. Scores are at temperature 1 unless its maker says otherwise. */
export interface Teacher {
  readonly name: string;
  /** Alternatives that come with each scored token; 0 for none. */
  readonly topK: number;
  /**
   * One result per row, in order; none depends on the other rows.
   * @throws ModelError when no usable answer comes; the signal's reason when it is aborted
   */
  score(rows: readonly TeacherRow[], options?: ScoreOptions): Promise<TeacherScores[]>;
  /** Ids by the teacher's own tokenizer, nothing added; undefined where it cannot say. Used by `probeTeacher`. */
  tokenize?(input: TokenizeInput, options?: ScoreOptions): Promise<number[] | undefined>;
}

/** Estimators of the divergence that a recipe may name. */
export type TeacherEstimator = 'k1' | 'k2' | 'k3' | 'abs' | 'topK' | 'full';

/**
 * Whether a teacher gives what an estimator reads: the sampled-token estimators need its log-probabilities alone, `topK` its most likely
 * tokens, `full` the logits of a local model.
 */
export function teacherCan(options: {
  estimator: TeacherEstimator;
  kind: 'local' | 'server';
  /** @default 0 */
  topK?: number;
}): boolean {
  const { estimator, kind, topK = 0 } = options;
  if (estimator === 'full') return kind === 'local';
  return estimator !== 'topK' || topK > 0;
}

/** Indices of the scored tokens. @throws ConfigError for rows that no teacher can score */
export function scoredIndices(row: TeacherRow, vocabularySize = 2 ** 31): number[] {
  const { tokenIds, mask } = row;
  if (tokenIds.length !== mask.length) {
    throw new ConfigError(`a row has ${tokenIds.length} tokens and a mask of ${mask.length}; both need one length`);
  }
  const indices: number[] = [];
  for (let index = 0; index < tokenIds.length; index++) {
    const id = tokenIds[index] ?? -1;
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      throw new ConfigError(`${id} at index ${index} is no token id of a vocabulary of ${vocabularySize}`);
    }
    if (index > 0 && mask[index] === 1) indices.push(index);
  }
  return indices;
}
