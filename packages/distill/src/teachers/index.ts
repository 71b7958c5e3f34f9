export { type CachedTeacherOptions, type CacheOptions, cachedTeacher } from './cached-teacher.js';
export {
  type ChatGenerateRequest,
  type ChatPolicy,
  type ChatPolicyOptions,
  type ChatTool,
  type ChatUsage,
  createChatPolicy,
} from './create-chat-policy.js';
export {
  createServerPolicy,
  type ServerGenerateRequest,
  type ServerGenerateResult,
  type ServerPolicy,
  type ServerPolicyOptions,
  type ServerPolicyTokenizer,
} from './create-server-policy.js';
export { createServerTeacher, type ServerTeacherOptions } from './create-server-teacher.js';
export { type ProbeTeacherOptions, type ProbeTokenizer, probeTeacher, type TeacherProbe } from './probe-teacher.js';
export type { ServerApi } from './scoring-apis.js';
export type { ServerOptions } from './server-client.js';
export {
  type ScoreOptions,
  type Teacher,
  type TeacherEstimator,
  type TeacherRow,
  type TeacherScores,
  type TeacherTopK,
  type TokenizeInput,
  teacherCan,
} from './teacher.js';
