export { type CollectHintsOptions, collectHints, readHintRecords } from './collect-hints.js';
export { createHintChooser, type HintChooserOptions } from './create-hint-chooser.js';
export {
  createHintWriter,
  createRuleHintWriter,
  type HintWriter,
  type HintWriterOptions,
  type RuleHintWriterOptions,
} from './create-hint-writer.js';
export { createStudentData, type StudentData, type StudentDataOptions } from './create-student-data.js';
export { type ExtractHintsOptions, extractHints } from './extract-hints.js';
export { type FailureOptions, failureOf, type HintFailure, type HintStep } from './failure.js';
export {
  type DropReason,
  type FilteredSuccesses,
  type FilterSuccessesOptions,
  filterSuccesses,
} from './filter-successes.js';
export {
  type FindHintTracesOptions,
  findHintTraces,
  type HintTrace,
  type TraceOptions,
} from './find-hint-traces.js';
export {
  addHints,
  createHintPromptTemplate,
  type HintPromptParts,
  hintPromptTemplate,
  hintsOf,
  renderHints,
} from './hint-block.js';
export type { HintRecord } from './hint-record.js';
export {
  type CreateHintStoreOptions,
  createHintStore,
  type HintCategory,
  type HintStore,
  type StoredHint,
} from './hint-store.js';
export { loadHintStore, saveHintStore } from './hint-store-file.js';
export { type HintDomain, hintCategory } from './hint-task.js';
export type { HintMatch } from './match-hint.js';
export { type CleanPrompt, type HintTokenizer, type RemoveHintsOptions, removeHints } from './remove-hints.js';
export {
  type ChooseHints,
  type ChosenHints,
  createHintRetriever,
  type HintChooser,
  type HintRequest,
  type HintRetrieverOptions,
  type RetrievedHints,
} from './retrieve-hints.js';
export type { HintFinding } from './rules/finding.js';
export {
  episodeTokens,
  type HintReport,
  type HintSummary,
  type SummarizeHintEpisodesOptions,
  summarizeHintEpisodes,
} from './summarize-hint-episodes.js';
