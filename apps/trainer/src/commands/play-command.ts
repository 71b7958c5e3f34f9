import { ConfigError } from '@dgpo/trajectory';
import { Command, Option } from 'commander';
import { openPlayable, playableNames } from '../play/open-playable.js';
import { playEpisode } from '../play/play-episode.js';
import { readLines } from '../play/read-lines.js';
import { createPlayRenderer } from '../play/render-play.js';
import { colorsFor } from './colors.js';
import { integerFrom, seedOption } from './options.js';
import { printJson } from './print-json.js';
import type { CliSurroundings } from './surroundings.js';

/** `dgpo play`: an environment by hand, with the expert at one's side. */
export function playCommand(surroundings: CliSurroundings): Command {
  const { output, environment, signal } = surroundings;
  return new Command('play')
    .description('Play an environment yourself, with the next move of the expert on request.')
    .argument('<environment>', playableNames.join(', '))
    .addOption(seedOption())
    .option('--task <number>', 'which of its tasks, from 1', integerFrom(1), 1)
    .addOption(new Option('--json', 'print one JSON object for each event'))
    .helpOption('-h, --help', 'display help for command')
    .action(async (name, { seed, task: number, json }) => {
      const playable = await openPlayable(name, { seed });
      try {
        const task = playable.tasks[number - 1];
        if (task === undefined) {
          throw new ConfigError(`there are ${playable.tasks.length} tasks, not ${number}`, { where: '--task' });
        }
        const { input = process.stdin } = surroundings;
        const render = createPlayRenderer({ colors: colorsFor(output, environment), echo: input.isTTY !== true });
        for await (const event of playEpisode({ playable, task, lines: readLines(input, signal), signal })) {
          if (!json) output.write(render(event));
          else if (event.type !== 'wait') printJson(output, event);
        }
      } finally {
        await playable.close?.();
      }
    });
}
