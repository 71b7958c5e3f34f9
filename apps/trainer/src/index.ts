export { type ChatPolicy, type ChatPolicyOptions, type ChatTool, createChatPolicy } from '@dgpo/distill/teachers';
export {
  type ArithmeticPlan,
  type ArithmeticSplit,
  type ArithmeticTasksOptions,
  type ArithmeticWorld,
  arithmeticChainOfThought,
  arithmeticEnvironment,
  arithmeticTasks,
  type CodeEnvironmentSettings,
  chainOfThoughtPrompt,
  codeExpert,
  codeProtocolTags,
  createArithmeticEnvironment,
  createArithmeticWorld,
  isArithmeticCorrect,
  planOf,
  planSentence,
  type ScriptedCodeEpisodeOptions,
  scriptedCodeEpisode,
} from './arithmetic/index.js';
export { type LoadAgentOptions, type LoadedAgent, loadAgent } from './ask/load-agent.js';
export {
  type Atlas,
  type AtlasOptions,
  type AtlasTasksOptions,
  atlasTasks,
  type Country,
  createAtlas,
  documentTemplate,
  type EvaluationTasksOptions,
  type ExpertEpisode,
  type ExpertTurnOptions,
  type ExportAtlasOptions,
  type ExportedAtlas,
  evaluationTasks,
  expertEpisodeExample,
  expertEpisodes,
  expertScript,
  expertTurn,
  exportAtlas,
  type MostFrequentAnswerBaseline,
  mostFrequentAnswerBaseline,
  observationPrefix,
  observationSuffix,
  type PretrainingExample,
  type PretrainingTextsOptions,
  pretrainingExample,
  pretrainingTexts,
  type QuestionPlan,
  type QuestionType,
  renderDocuments,
  renderObservation,
  type Split,
} from './atlas/index.js';
export { openInput } from './command-line/open-input.js';
export { type RunAsProcessOptions, runAsProcess } from './command-line/run-as-process.js';
export { type CommandLineSurroundings, connectProgram, runCommandLine } from './command-line/run-command-line.js';
export {
  type ConsoleReporter,
  type ConsoleReporterOptions,
  createConsoleReporter,
} from './commands/console-reporter.js';
export { engineOption, fractionUpTo1, integerFrom, jsonOption, nonNegativeNumber } from './commands/options.js';
export { chainOfThoughtEnvironment } from './compute/chain-of-thought-environment.js';
export type { DistillJob, Guide, SampledGuide } from './compute/distill-job.js';
export {
  type CatalogueSource,
  type ChainOfThoughtSettings,
  type CodeSettings,
  type EnvironmentSettings,
  type HouseholdSettings,
  isSearch,
  type RetrieverSource,
  type SearchSettings,
  type WebshopSettings,
} from './compute/environment-settings.js';
export type { EpisodesJob } from './compute/episodes-job.js';
export type { GradientResult } from './compute/gradient.js';
export type {
  Job,
  JobResult,
  JobResults,
  LanguageModelJob,
  ModelJob,
  ScoreJob,
  ValueJob,
} from './compute/jobs.js';
export { codeEnvironment, openEnvironment, searchEnvironment } from './compute/open-environment.js';
export { openRetriever } from './compute/open-retriever.js';
export type { PolicyJob, PolicyLossChoice } from './compute/policy-job.js';
export { type ComputePool, createComputePool } from './compute/pool.js';
export type { ScoredRow } from './compute/scored-rows.js';
export type { SelfConsistency, VotingCost } from './compute/voted-episodes-job.js';
export { type DemoOptions, type DemoResult, runDemo } from './demo/run-demo.js';
export {
  type EstimateRunOptions,
  estimateRun,
  type RunEstimate,
  type StageEstimate,
} from './estimate/estimate-run.js';
export type { MemoryEstimate, WorkerMemory } from './estimate/memory.js';
export { readModelConfig } from './estimate/model-config.js';
export { readAgentSettings, writeAgentSettings } from './evaluate/agent-settings.js';
export { type DisagreementsOptions, disagreements } from './evaluate/disagreements.js';
export {
  type EvaluateModelOptions,
  type EvaluationProgress,
  type EvaluationSet,
  evaluateModel,
  type ModelEvaluation,
  type ReadingScores,
  type SetEvaluation,
} from './evaluate/evaluate-model.js';
export { type CallCost, countCalls } from './evaluate/evaluation-cost.js';
export {
  type EvaluationResultsOptions,
  evaluationResults,
  readEvaluation,
  type StoredEvaluation,
  type StoredSet,
  taskName,
  type WriteEvaluationOptions,
  writeEvaluation,
} from './evaluate/evaluation-files.js';
export { type PlayVotedOptions, playVoted } from './evaluate/play-voted.js';
export { type RunReportResult, type RunReportSet, resultsLegend, resultsTable } from './evaluate/results-table.js';
export { type RunReportOptions, renderRunReport, writeRunReport } from './evaluate/run-report.js';
export { scriptedExpert } from './expert/scripted-expert.js';
export { type GeneratedText, type GenerateTextOptions, generateText } from './generate/generate-text.js';
export { type OpenModel, type OpenModelOptions, openModel } from './generate/open-model.js';
export { type CatalogueEntry, catalogue, type DownloadKind, findEntry } from './hub/catalogue.js';
export { type DownloadOptions, type DownloadPlan, type DownloadProgress, download } from './hub/download.js';
export type { HubFile } from './hub/hub-client.js';
export { type InitResult, type InitRunOptions, initRun } from './init/init-run.js';
export { environmentOf } from './pipeline/environment-of.js';
export type { Reporter } from './pipeline/reporter.js';
export { type PipelineOptions, type PipelineResult, runPipeline } from './pipeline/run-pipeline.js';
export { type DistillSettings, distillSchema } from './recipe/distill-section.js';
export { type LoadRecipeOptions, loadRecipe, parseRecipe } from './recipe/load-recipe.js';
export { type ParquetRow, readParquetRows } from './recipe/read-parquet-rows.js';
export { type ReadQuestionsOptions, readQuestions } from './recipe/read-questions.js';
export { type JsonSchemaNode, type RecipeField, recipeFields, recipeJsonSchema } from './recipe/recipe-fields.js';
export { type RecipeOverride, recipeFlags, splitRecipeFlags } from './recipe/recipe-flags.js';
export { recipeReference } from './recipe/recipe-reference.js';
export { type Recipe, type RecipeInput, recipeSchema } from './recipe/recipe-schema.js';
export { type RlSettings, rlSchema } from './recipe/rl-section.js';
export { type CheckpointContent, type WriteCheckpointOptions, writeCheckpoint } from './run/checkpoint.js';
export type { BestStep } from './run/checkpoint-folder.js';
export { type ConsoleStream, type ConsoleTrackerOptions, createConsoleTracker } from './run/console-tracker.js';
export { type InterruptResult, type WithInterruptOptions, withInterrupt } from './run/interrupt.js';
export { createJsonlTracker, type JsonlTrackerOptions } from './run/jsonl-tracker.js';
export {
  type Checkpoint,
  findCheckpoint,
  latestCheckpointStep,
  type ReadCheckpointOptions,
  readCheckpoint,
} from './run/read-checkpoint.js';
export { type OpenRunDirectoryOptions, openRunDirectory, type RunDirectory } from './run/run-directory.js';
export { type RunStageOptions, runStage, type StageResult } from './run/run-stage.js';
export { createTensorBoardTracker, type TensorBoardTrackerOptions } from './run/tensorboard-tracker.js';
export { combineTrackers, type Metrics, type Tracker } from './run/tracker.js';
export type { WandbRunFacts } from './run/wandb-records.js';
export { createWandbTracker, type WandbTrackerOptions } from './run/wandb-tracker.js';
export type { WandbServer } from './run/wandb-upload.js';
export { createModelServer, type ModelServer, type ModelServerOptions } from './serve/create-model-server.js';
export { type RunningModelServer, type ServeModelOptions, serveModel } from './serve/serve-model.js';
export { createPoolTeacher, type PoolTeacherOptions } from './teacher/create-pool-teacher.js';
export { type OpenedTeacher, type OpenTeacherOptions, openTeacher } from './teacher/open-teacher.js';
export { type Demonstration, demonstration, readDemonstrations } from './train/distillation/demonstrations.js';
export { createDistillationState, type DistillationState } from './train/distillation/distillation-state.js';
export {
  type DistillationOptions,
  distillationSteps,
  trainDistillation,
} from './train/distillation/train-distillation.js';
export { episodeMetrics } from './train/episode-metrics.js';
export { type EpisodeRow, episodeRow } from './train/episode-rows.js';
export {
  type EvaluateDuringTrainingOptions,
  evaluateDuringTraining,
  type TrainingEvaluation,
  type TrainingEvaluationSettings,
} from './train/evaluate-during-training.js';
export {
  type LanguageModellingOptions,
  languageModelJobs,
  trainLanguageModel,
  type WeightedRow,
  type WeightedSegment,
  weightedRow,
} from './train/language-modelling.js';
export {
  type CheckpointExtra,
  type ModelCheckpoints,
  type ModelCheckpointsOptions,
  modelCheckpoints,
} from './train/model-checkpoints.js';
export { type Playground, type PlayOptions, playEpisodes } from './train/play-episodes.js';
export type { Rollouts } from './train/policy/collect-rollouts.js';
export { optimizePolicy, type PolicyOptimizationOptions } from './train/policy/optimize-policy.js';
export type { TokenTrace } from './train/policy/token-traces.js';
export {
  createTrainedModel,
  type TrainedModel,
  type TrainedModelOptions,
  type UpdateResult,
} from './train/trained-model.js';
