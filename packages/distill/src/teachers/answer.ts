import { AnswerProblem } from './server-client.js';

/** A token with its log-probability; null where a server gives none, as for the first token. */
export interface ScoredToken {
  tokenId: number;
  logProb: number | null;
}

/** One place of a prompt as a server describes it. */
export interface Place extends ScoredToken {
  /** The most likely tokens, in any order; the one that is there may be among them. */
  top: ScoredToken[];
}

export type Fields = Readonly<Record<string, unknown>>;

/** An object. @throws AnswerProblem */
export function fieldsOf(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AnswerProblem(`the answer has no object at ${where}; does this server speak the API that "api" names?`);
  }
  return value as Fields;
}

/** A list. @throws AnswerProblem */
export function listOf(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new AnswerProblem(`the answer has no list at ${where}; does this server speak the API that "api" names?`);
  }
  return value;
}

/** A log-probability or null. @throws AnswerProblem */
export function logProbOf(value: unknown, where: string): number | null {
  if (value === null || typeof value === 'number') return value;
  throw new AnswerProblem(`the answer has ${JSON.stringify(value) ?? 'nothing'} for a log-probability at ${where}`);
}

/** A token id, as a number or in digits. @throws AnswerProblem */
export function tokenIdOf(value: unknown, where: string): number {
  const id = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value;
  if (typeof id === 'number' && Number.isInteger(id) && id >= 0) return id;
  throw new AnswerProblem(`the answer has ${JSON.stringify(value) ?? 'nothing'} for a token id at ${where}`);
}

/** Ids that are written `token_id:123`. @throws AnswerProblem for texts, which do not tell the id */
export function namedTokenId(value: unknown, where: string): number {
  const digits = typeof value === 'string' ? /^token_id:(\d{1,10})$/.exec(value)?.[1] : undefined;
  if (digits !== undefined) return Number(digits);
  throw new AnswerProblem(
    `the server names tokens by their text (${JSON.stringify(value)} at ${where}), so nobody can check which ids it scored; ` +
      'it has to offer return_tokens_as_token_ids (vLLM does), or be asked by its own API (api: vllm or sglang)',
  );
}

export function tokenIdsOf(value: unknown, where: string): number[] {
  return listOf(value, where).map((id, index) => tokenIdOf(id, `${where}.${index}`));
}

/** The only choice of an answer of `/v1/completions`. */
export function onlyChoice(answer: unknown): Fields {
  const choices = listOf(fieldsOf(answer, 'its top').choices, 'choices');
  if (choices.length !== 1) throw new AnswerProblem(`the answer has ${choices.length} choices for one prompt`);
  return fieldsOf(choices[0], 'choices.0');
}
