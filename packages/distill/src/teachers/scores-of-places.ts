import type { Place, ScoredToken } from './answer.js';
import { AnswerProblem } from './server-client.js';
import type { TeacherScores } from './teacher.js';

/** Rounding lets a log-probability come out a little above 0. */
const aboveZero = 1e-3;
/** The same for the sum of the k best probabilities. */
const aboveOne = 1e-3;
/** What vLLM sends for -Infinity and, in newer versions, for NaN: JSON has neither. */
const standIn = -9999;

function checked({ tokenId, logProb }: ScoredToken, where: string): number {
  if (logProb === null) throw new AnswerProblem(`the server gave no log-probability ${where}`);
  if (!Number.isFinite(logProb)) throw new AnswerProblem(`the log-probability of ${tokenId} ${where} is ${logProb}`);
  if (logProb > aboveZero) {
    throw new AnswerProblem(
      `the log-probability of ${tokenId} ${where} is ${logProb}, above 0; the server has to send natural logarithms of probabilities`,
    );
  }
  return Math.min(0, logProb);
}

function writeTopK(options: {
  place: Place;
  k: number;
  at: number;
  where: string;
  vocabularySize: number | undefined;
  topK: { tokenIds: Int32Array; logProbs: Float32Array };
}): void {
  const { place, k, at, where, vocabularySize, topK } = options;
  // Servers add the token that is there to the k best; among equals it is the one that was added.
  const best = place.top
    .map((one) => ({ tokenId: one.tokenId, logProb: checked(one, where) }))
    .sort(
      (a, b) =>
        b.logProb - a.logProb ||
        Number(a.tokenId === place.tokenId) - Number(b.tokenId === place.tokenId) ||
        a.tokenId - b.tokenId,
    )
    .slice(0, k);
  if (best.length < k || new Set(best.map(({ tokenId }) => tokenId)).size < k) {
    throw new AnswerProblem(
      `the server gave ${best.length} different alternatives ${where} of ${k}; lower topK, or raise the server's limit (--max-logprobs of vLLM)`,
    );
  }
  let sum = 0;
  best.forEach(({ tokenId, logProb }, index) => {
    if (vocabularySize !== undefined && tokenId >= vocabularySize) {
      throw new AnswerProblem(
        `the server finds ${tokenId} likely ${where}, an id that the student's vocabulary of ${vocabularySize} does not have; are the tokenizers the same?`,
      );
    }
    sum += Math.exp(logProb);
    topK.tokenIds[at * k + index] = tokenId;
    topK.logProbs[at * k + index] = logProb;
  });
  if (sum > 1 + aboveOne) {
    throw new AnswerProblem(`the ${k} best probabilities ${where} sum to ${sum.toPrecision(6)}, more than 1`);
  }
}

/**
 * The scores of the tokens at `indices`, after checks of every figure.
 *
 * @throws AnswerProblem that names the place
 */
export function scoresOfPlaces(options: {
  places: readonly (Place | undefined)[];
  indices: readonly number[];
  k: number;
  vocabularySize?: number | undefined;
}): TeacherScores {
  const { places, indices, k, vocabularySize } = options;
  const logProbs = new Float32Array(indices.length);
  const topK = { tokenIds: new Int32Array(indices.length * k), logProbs: new Float32Array(indices.length * k) };
  indices.forEach((index, at) => {
    const where = `at index ${index}`;
    const place = places[index];
    if (place === undefined) throw new AnswerProblem(`the server did not score the token ${where}`);
    const logProb = checked(place, where);
    if (logProb <= standIn) {
      throw new AnswerProblem(
        `the log-probability of ${place.tokenId} ${where} is ${logProb}, which servers send for -Infinity and NaN; its weights or its precision are broken, or it excludes this token`,
      );
    }
    logProbs[at] = logProb;
    if (k > 0) writeTopK({ place, k, at, where, vocabularySize, topK });
  });
  return k === 0 ? { logProbs } : { logProbs, topK: { k, ...topK } };
}
