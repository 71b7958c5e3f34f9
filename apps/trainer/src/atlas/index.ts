export { type Atlas, type AtlasOptions, createAtlas } from './atlas.js';
export type { Country, Split } from './country.js';
export type { QuestionPlan, QuestionType } from './questions.js';
export { type AtlasTasksOptions, atlasTasks, type EvaluationTasksOptions, evaluationTasks } from './tasks.js';
