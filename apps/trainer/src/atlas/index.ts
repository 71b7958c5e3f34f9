export { type Atlas, type AtlasOptions, createAtlas } from './atlas.js';
export type { Country, Split } from './country.js';
export {
  documentTemplate,
  observationPrefix,
  observationSuffix,
  renderDocuments,
  renderObservation,
} from './documents.js';
export { type ExpertTurnOptions, expertScript, expertTurn } from './expert.js';
export { type ExpertEpisode, expertEpisodeExample, expertEpisodes } from './expert-episodes.js';
export { type ExportAtlasOptions, type ExportedAtlas, exportAtlas } from './export-atlas.js';
export { type MostFrequentAnswerBaseline, mostFrequentAnswerBaseline } from './most-frequent-answer.js';
export {
  type PretrainingExample,
  type PretrainingTextsOptions,
  pretrainingExample,
  pretrainingTexts,
} from './pretraining.js';
export type { QuestionPlan, QuestionType } from './questions.js';
export { type AtlasTasksOptions, atlasTasks, type EvaluationTasksOptions, evaluationTasks } from './tasks.js';
