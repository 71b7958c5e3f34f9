import { resolve } from 'node:path';
import { formatTable } from '@dgpo/arc';
import { Argument, Command } from 'commander';
import { catalogue, findEntry } from '../hub/catalogue.js';
import { download, formatBytes } from '../hub/download.js';
import { createConsoleReporter } from './console-reporter.js';
import { jsonOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

const kinds = ['corpus', 'dataset', 'model'] as const;
const megabyte = 1e6;

/** `dgpo download`: what others published, from the Hugging Face hub. */
export function downloadCommand(surroundings: CliSurroundings): Command {
  const { output, errors, environment, signal, workingDirectory } = surroundings;
  return new Command('download')
    .description('Download a corpus, data set or model from the Hugging Face hub. Continues where it stopped.')
    .addArgument(new Argument('<kind>', 'what it is').choices(kinds))
    .argument('[name]', 'a short name or org/name; without one, the short names are listed')
    .option('--out <dir>', 'folder for the files (default: downloads/<name>)')
    .option('--revision <name>', 'branch, tag or commit', 'main')
    .option('--dry-run', 'show the size and stop')
    .addOption(jsonOption())
    .addHelpText('after', '\nHF_TOKEN opens private and gated repositories; HF_ENDPOINT names another hub.')
    .action(async (kind, name, { out, revision, dryRun, json }) => {
      if (name === undefined) {
        const entries = catalogue.filter((entry) => entry.kind === kind);
        if (json) printJson(output, entries);
        else {
          const rows = entries.map((entry) => [entry.name, entry.description]);
          output.write(`${formatTable({ columns: ['name', 'what'], rows })}\n`);
        }
        return;
      }
      const reporter = createConsoleReporter({ stream: errors, environment, quiet: json === true, signal });
      const { HF_TOKEN: token = '', HF_ENDPOINT: endpoint = '' } = environment;
      const folder = findEntry(kind, name).name.replace('/', '--');
      const directory = resolve(workingDirectory, out ?? `downloads/${folder}`);
      const { plan, completed } = await download({
        kind,
        name,
        directory,
        revision,
        signal,
        ...(token === '' ? {} : { token }),
        ...(endpoint === '' ? {} : { endpoint }),
        ...(surroundings.fetch === undefined ? {} : { fetch: surroundings.fetch }),
        onPlan: ({ entry, files, totalBytes, presentBytes }) => {
          const present = presentBytes === 0 ? '' : `, ${formatBytes(presentBytes)} of it here already`;
          const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
          reporter.line(`${entry.repository}: ${count}, ${formatBytes(totalBytes)}${present}`);
          return dryRun !== true;
        },
        onProgress: ({ bytes, totalBytes }) => {
          const total = Math.ceil(totalBytes / megabyte);
          reporter.progress({ label: 'MB', done: Math.min(total, Math.ceil(bytes / megabyte)), total });
        },
      });
      if (json) {
        const { repository } = plan.entry;
        const { totalBytes, presentBytes, files } = plan;
        printJson(output, { repository, revision, directory, files, totalBytes, presentBytes, completed });
      } else if (completed) output.write(`${directory}\n`);
    });
}
