import { once } from 'node:events';
import { resolve } from 'node:path';
import { integerFrom } from '@dgpo/trainer';
import { ConfigError } from '@dgpo/trajectory';
import { Command } from 'commander';
import { serveViewer } from '../viewer/serve-viewer.js';
import { builtViewerPage } from '../viewer-page.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo-eval serve`: the runs of a folder as a page. */
export function serveCommand(surroundings: CliSurroundings): Command {
  const { output, errors, signal, workingDirectory, viewerPage = builtViewerPage } = surroundings;
  return new Command('serve')
    .description(
      'Show runs, evaluations and episodes of a folder as a page on this machine, also while they are written.',
    )
    .argument('<dir>', 'folder with run directories, evaluations or trajectory files; nothing outside it is read')
    .option('--port <number>', 'of 127.0.0.1; 0 takes a free one', integerFrom(0), 4173)
    .helpOption('-h, --help', 'display help for command')
    .action(async (directory, { port }) => {
      if (port > 65_535) throw new ConfigError(`must be at most 65535, not ${port}`, { where: '--port' });
      const viewer = await serveViewer({
        directory: resolve(workingDirectory, directory),
        pageDirectory: viewerPage,
        port,
        logger: (line) => errors.write(`warning: ${line}\n`),
      });
      output.write(`${directory} is shown at ${viewer.url}\n`);
      errors.write('Ctrl-C ends it.\n');
      if (!signal.aborted) await once(signal, 'abort');
      await viewer.close();
    });
}
