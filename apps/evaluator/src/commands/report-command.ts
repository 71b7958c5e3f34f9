import { resolve } from 'node:path';
import { integerFrom, jsonOption } from '@dgpo/trainer';
import { Command } from 'commander';
import { writeRunDirectoryReport } from '../run-directory-report.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-eval report`: a run directory as one HTML page. */
export function reportCommand({ output, workingDirectory }: CliSurroundings): Command {
  return new Command('report')
    .description('Write the report of a run: curves, tables and episodes. Works on a run in progress too.')
    .argument('<run>', 'run directory of dgpo train or dgpo demo')
    .option('--out <file>', 'where to write it (default: report.html in the run directory)')
    .option('--transcripts <number>', 'questions to show', integerFrom(0), 8)
    .addOption(jsonOption())
    .helpOption('-h, --help', 'display help for command')
    .action(async (run, { out, transcripts, json }) => {
      const report = await writeRunDirectoryReport({
        directory: resolve(workingDirectory, run),
        ...(out === undefined ? {} : { path: resolve(workingDirectory, out) }),
        transcripts,
      });
      const models = report.models.length === 0 ? 'no evaluation yet' : report.models.join(', ');
      output.write(json ? `${JSON.stringify(report)}\n` : `Wrote ${report.path} (${models})\n`);
    });
}
