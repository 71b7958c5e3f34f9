export { exactMatch, normalizeAnswer } from '@dgpo/trajectory';
export {
  type CompareComponentsOptions,
  type ComponentComparison,
  compareComponents,
} from './components/compare-components.js';
export {
  type ComponentName,
  type ComponentRow,
  type ComponentScores,
  componentNames,
  componentRows,
  readComponentRows,
} from './components/component-rows.js';
export { componentComparisonTable, componentTable } from './components/component-tables.js';
export { type ChatComponentsOptions, createChatComponents } from './components/create-chat-components.js';
export { type GoldPassagesOptions, goldPassages } from './components/gold-passages.js';
export { type PassagesByTitle, passagesByTitle } from './components/passages-by-title.js';
export {
  type QueryFrom,
  type QueryRequest,
  type QueryRewritingEpisode,
  type QueryRewritingOptions,
  type QueryRewritingScore,
  queryRewriting,
  type SearchFrom,
} from './components/query-rewriting.js';
export type {
  AnswerFrom,
  ReadingEpisode,
  ReadingOptions,
  ReadingRequest,
  ReadingScore,
} from './components/read-gold-passages.js';
export { readQuestionRecords } from './components/read-question-records.js';
export { recordPassages } from './components/record-passages.js';
export { sourceReferencing } from './components/source-referencing.js';
export { thinking } from './components/thinking.js';
export { attributeCause } from './diagnostics/attribute-cause.js';
export {
  type Cause,
  type CauseDescription,
  type CauseName,
  causeDescriptions,
  causeNames,
} from './diagnostics/cause.js';
export {
  type LabelAgreement,
  type LabelDisagreement,
  type LabelledEpisode,
  labelAgreement,
} from './diagnostics/label-agreement.js';
export { type AskAllOptions, type Asked, askAll } from './endpoint/ask-all.js';
export { type CachedChat, type CachedChatOptions, openCachedChat } from './endpoint/cached-chat.js';
export type { ChatModel, ChatReply, ChatRequest } from './endpoint/chat-model.js';
export { type ChatEndpointOptions, createChatEndpoint } from './endpoint/create-chat-endpoint.js';
export { createSearchEndpoint, type SearchEndpointOptions } from './endpoint/create-search-endpoint.js';
export type { JsonClientOptions } from './endpoint/json-client.js';
export { type Cell, formatCell, formatMean, formatNumber, formatRange } from './format-number.js';
export { formatMarkdownTable, formatTable, type TableColumn, type TableOptions } from './format-table.js';
export {
  type JudgeAgreement,
  type JudgeAgreementOptions,
  type JudgeConfusion,
  judgeAgreement,
} from './judge/judge-agreement.js';
export {
  type JudgeAnswersOptions,
  type JudgedAnswer,
  type JudgeStatus,
  type JudgeSummary,
  judgeAnswers,
} from './judge/judge-answers.js';
export { type JudgeItem, judgePromptVersion } from './judge/judge-prompt.js';
export { parseVerdict, type Verdict } from './judge/parse-verdict.js';
export { type LmEvalResults, type LmEvalResultsOptions, lmEvalResults } from './lm-eval-results.js';
export { type CompareEpisodeSetsOptions, compareEpisodeSets } from './measures/compare-episode-sets.js';
export {
  type CompareEpisodesOptions,
  compareEpisodes,
  type EpisodeComparison,
  type MeasureComparison,
} from './measures/compare-episodes.js';
export {
  type ExactMatchBySearchesOptions,
  exactMatchBySearches,
  type SearchesRow,
  searchesCurve,
  searchesTable,
} from './measures/exact-match-by-searches.js';
export { type GroupingName, groupBy, groupingNames, hopsOf, typeOf } from './measures/group-by.js';
export { type MeasureDescription, measureDescriptions } from './measures/measure-descriptions.js';
export { comparisonTable, formatProbability, scoreTable } from './measures/measure-table.js';
export {
  type EpisodeMeasures,
  type MeasureName,
  type MeasureTrajectoryOptions,
  type MeasureValues,
  measureNames,
  measureTrajectory,
} from './measures/measure-trajectory.js';
export { type ScoreTrajectoriesOptions, scoreTrajectories } from './measures/score-trajectories.js';
export {
  type CauseFigure,
  type Ending,
  endings,
  type ScoreGroup,
  type ScoreSummary,
  summarizeMeasures,
} from './measures/summarize-measures.js';
export { type Agreement, cohensKappa } from './metrics/cohens-kappa.js';
export { containsAnswer, searchableAnswers } from './metrics/contains-answer.js';
export { coverExactMatch } from './metrics/cover-exact-match.js';
export { passageTitle } from './metrics/passage-title.js';
export { type TokenF1Options, tokenF1 } from './metrics/token-f1.js';
export { type Axis, type NiceAxisOptions, niceAxis } from './report/axis.js';
export { lineChartSvg } from './report/line-chart-svg.js';
export { renderReport } from './report/render-report.js';
export type {
  BarSeries,
  BreakdownRow,
  CurveSeries,
  RadarSeries,
  ReportBars,
  ReportBreakdown,
  ReportComparison,
  ReportCurve,
  ReportHighlight,
  ReportOptions,
  ReportRadar,
  ReportTable,
  ReportTranscript,
  TranscriptFact,
  TranscriptLink,
} from './report/report-options.js';
export { splitTranscript, type TranscriptPart } from './report/split-transcript.js';
export type { BootstrapOptions } from './statistics/bootstrap-figures.js';
export { type BootstrapIntervalOptions, bootstrapInterval } from './statistics/bootstrap-interval.js';
export type { Figure } from './statistics/figure.js';
export { type MacroAverageOptions, macroAverage } from './statistics/macro-average.js';
export { type McnemarOptions, type McnemarResult, mcnemar } from './statistics/mcnemar.js';
export { type PairedBootstrapOptions, pairedBootstrap } from './statistics/paired-bootstrap.js';
export {
  type PermutationTestOptions,
  type PermutationTestResult,
  permutationTest,
} from './statistics/permutation-test.js';
