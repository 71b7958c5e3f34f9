export { type CodeEnvironmentOptions, createCodeEnvironment } from './code-environment.js';
export type {
  CodeInterpreter,
  CodeLanguage,
  CodeLimits,
  CodeResult,
  CodeTool,
  RunCodeOptions,
  ToolCall,
} from './code-interpreter.js';
export { createInterpreterPool, type InterpreterPool } from './interpreter-pool.js';
export { createJavaScriptInterpreter } from './javascript-interpreter.js';
export { type ParsedCode, parseCode } from './parse-code.js';
export {
  checkPython,
  createPythonInterpreter,
  defaultPythonImports,
  type PythonInterpreterOptions,
} from './python-interpreter.js';
export { type CodeStep, codeSteps, replay } from './replay.js';
export { createSearchTool } from './search-tool.js';
