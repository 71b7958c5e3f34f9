import { createRequire } from 'node:module';
import { Command } from 'commander';
import { addAgreementCommand } from './commands/agreement.js';
import { addCompareCommand } from './commands/compare.js';
import { addScoreCommand } from './commands/score.js';

const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

export interface ProgramOptions {
  /** Where results go. @default process.stdout */
  writeOut?: (text: string) => void;
  /** Where complaints go. @default process.stderr */
  writeError?: (text: string) => void;
}

/** Builds the command `dgpo-arc`; it throws instead of ending the process. */
export function createProgram(options: ProgramOptions = {}): Command {
  const { writeOut = (text) => process.stdout.write(text), writeError = (text) => process.stderr.write(text) } =
    options;
  const program = new Command('dgpo-arc')
    .description('Agentic RAG Capabilities: score and compare the logs of search agents')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut, writeErr: writeError });
  addScoreCommand(program, { writeOut, writeError });
  addCompareCommand(program, { writeOut, writeError });
  addAgreementCommand(program, { writeOut, writeError });
  return program;
}
