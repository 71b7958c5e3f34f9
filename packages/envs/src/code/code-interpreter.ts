import type { PlainData, ToolCall } from '@dgpo/trajectory';

export type { ToolCall };

/** A tool that code can call; only data crosses the border, both ways. */
export interface CodeTool {
  /** A name that is one in Python and JavaScript. */
  name: string;
  /** For the prompt: what it does and gives. */
  description: string;
  /** Names of the arguments, in order. */
  parameters: readonly string[];
  /** A rejection reaches the code as an error with its message. */
  run(options: { arguments: Record<string, PlainData>; signal: AbortSignal }): Promise<PlainData>;
}

/** What an action did. */
export interface CodeResult {
  /** What was printed, cut in the middle. */
  stdout: string;
  /** The last value as text, cut in the middle; null where there is none. */
  value: string | null;
  /** Null when the code ran to its end. */
  error: string | null;
  /** What `final_answer` was called with, as text; null when it was not. */
  answer: string | null;
  /** Calls that a tool was asked for, in order. */
  calls: ToolCall[];
  /**
   * True when the action was stopped from outside (time, operations, a crash). The interpreter has then forgotten the whole episode: play
   * the earlier actions again ({@link replay}).
   */
  lost: boolean;
}

export interface RunCodeOptions {
  code: string;
  /** Answers calls of tools. @default none, so that every call fails */
  tools?: readonly CodeTool[];
  /** Aborting kills the interpreter; the run rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** An interpreter that keeps its variables from action to action. */
export interface CodeInterpreter {
  readonly language: CodeLanguage;
  /** False once its process has ended. */
  readonly alive: boolean;
  /**
   * Runs one action at a time.
   * @throws EnvironmentError when its process has ended or ends
   */
  run(options: RunCodeOptions): Promise<CodeResult>;
  /**
   * Forgets everything, ready for another episode.
   * @throws EnvironmentError when its process has ended
   */
  reset(): Promise<void>;
  /** Ends its process. */
  close(): Promise<void>;
}

export type CodeLanguage = 'python' | 'javascript';

export interface CodeLimits {
  /** Milliseconds for an action, without what its tools take; then it is stopped. @default 30000 */
  timeout?: number;
  /** Milliseconds for all tools of an action together. @default 60000 */
  toolTimeout?: number;
  /**
   * Steps of the interpreter for an action, roughly; unlike time, this limit falls at the same place on every machine. Python's arithmetic
   * with integers of thousands of digits counts for more than it takes: raise the limit for such work. @default 100000000
   */
  maxOperations?: number;
  /** Memory of the interpreted program in MB. @default 256 */
  memory?: number;
  /** Characters of printed text. @default 50000 */
  maxOutput?: number;
  /** Characters of the last value and of an answer. @default 20000 */
  maxValue?: number;
}
