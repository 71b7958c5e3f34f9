export {
  arithmeticEnvironment,
  type CodeEnvironmentSettings,
  chainOfThoughtPrompt,
  codeProtocolTags,
  createArithmeticEnvironment,
} from './arithmetic-environment.js';
export { type ArithmeticPlan, planOf, planSentence } from './arithmetic-plan.js';
export { type ArithmeticSplit, type ArithmeticTasksOptions, arithmeticTasks } from './arithmetic-tasks.js';
export { type ArithmeticWorld, createArithmeticWorld } from './arithmetic-world.js';
export { arithmeticChainOfThought } from './chain-of-thought.js';
export { codeExpert } from './code-expert.js';
export { isArithmeticCorrect } from './is-correct.js';
export { type ScriptedCodeEpisodeOptions, scriptedCodeEpisode } from './scripted-code-episode.js';
