import type { CommandLineSurroundings } from '../command-line/run-command-line.js';
import type { DemoResult, runDemo } from '../demo/run-demo.js';
import type { Fetch } from '../hub/hub-client.js';
import type { runPipeline } from '../pipeline/run-pipeline.js';
import type { runSft } from '../sft/run-sft.js';

/** What a command may touch; tests give their own. */
export interface CliSurroundings extends CommandLineSurroundings {
  /** @default standard input */
  input?: AsyncIterable<string | Uint8Array> & { isTTY?: boolean };
  /** @default globalThis.fetch */
  fetch?: Fetch;
  /** @default the pipeline */
  runPipeline?: typeof runPipeline;
  /** @default the run of supervised fine-tuning */
  runSft?: typeof runSft;
  /** @default the demo */
  runDemo?: (...options: Parameters<typeof runDemo>) => Promise<Pick<DemoResult, 'interrupted' | 'result' | 'text'>>;
}
