export { type EquivalentAnswersOptions, equivalentAnswers } from './equivalent-answers.js';
export { extractAnswer } from './extract-answer.js';
export { createMathEnvironment, type MathEnvironmentOptions } from './math-environment.js';
export type { MathFormat } from './math-formats.js';
export { type ReadMathTasksOptions, readMathTasks } from './read-math-tasks.js';
export type { AnswerComparison } from './verdict.js';
