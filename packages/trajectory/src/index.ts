export { type LogFormat, logFormats } from './adapters/log-formats.js';
export { exactMatch, normalizeAnswer } from './answer-match.js';
export {
  CheckpointError,
  ConfigError,
  DatasetError,
  DgpoError,
  type DgpoErrorCode,
  type DgpoErrorOptions,
  EnvironmentError,
  isDgpoError,
  ModelError,
  RetrieverError,
} from './errors.js';
export { type FlatTrajectory, flattenTrajectory } from './flatten-trajectory.js';
export { type JsonLinesWriter, type JsonLinesWriterOptions, openJsonLinesWriter } from './json-lines-writer.js';
export {
  detectLogFormat,
  type LogFileOptions,
  type ReadLogsOptions,
  type RejectedRecord,
  readLogs,
  trajectoryFromRecord,
} from './logs/read-logs.js';
export { createRandom, type Random, type RandomState, restoreRandom } from './random.js';
export { type ReadJsonLinesOptions, readJsonLines, readTasks, readTrajectories } from './read-json-lines.js';
export { type ChatMessage, encodeTask, supportingTitles, type Task, type TaskRecord, taskSchema } from './task.js';
export type { PlainData, ToolCall } from './tool-call.js';
export {
  type Action,
  encodeTrajectory,
  type Outcome,
  type RetrievedDocument,
  type Segment,
  type Trajectory,
  type TrajectoryRecord,
  trajectorySchema,
} from './trajectory.js';
export { writeJsonLines, writeTasks, writeTrajectories } from './write-json-lines.js';
