export {
  type ActionFormat,
  type ActionFormatName,
  type ActionNotes,
  type ActionTool,
  createActionFormat,
  type ObservationFrame,
  type ToolCall,
} from './actions/action-format.js';
export { type Agent, type AgentEvent, type AgentOptions, type AskOptions, createAgent } from './agent.js';
export { createByteTokenizer } from './byte-tokenizer.js';
export { contextTokenIds, type Environment, type EpisodeState, type Turn } from './environment.js';
export {
  connectMcpTools,
  type McpAnswer,
  type McpTool,
  type McpTools,
  type McpToolsOptions,
} from './mcp/connect-mcp-tools.js';
export { createMcpRetriever, type McpRetrieverOptions } from './mcp/mcp-retriever.js';
export type { McpServerAddress, McpTransport } from './mcp/open-transport.js';
export type { EpisodeTokenizer, GenerateRequest, GenerateResult, Policy } from './policy.js';
export type { Retriever } from './retriever.js';
export { type EpisodeProgress, type RunEpisodesOptions, runEpisodes, streamEpisodes } from './run-episodes.js';
export { createScriptedPolicy, type ScriptedPolicyOptions } from './scripted-policy.js';
export { type ParsedAction, parseAction } from './search/parse-action.js';
export type { PromptTemplate } from './search/prompt.js';
export { createSearchEnvironment, type SearchEnvironmentOptions } from './search/search-environment.js';
export { createTextEnvironment, type TextEnvironmentOptions } from './text-world/text-environment.js';
export type { TextPromptParts, TextPromptTemplate } from './text-world/text-prompt.js';
export type { PlainData, TextWorld, WorldResult, WorldStep } from './text-world/text-world.js';
export type { EpisodeTool, ToolAnswer } from './tool.js';
