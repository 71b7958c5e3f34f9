export { type EquivalentAnswersOptions, equivalentAnswers } from './equivalent-answers.js';
export { extractAnswer } from './extract-answer.js';
export type { AnswerComparison } from './verdict.js';
