import { createByteTokenizer, type Environment } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import type { HouseholdSettings, WebshopSettings } from '../compute/environment-settings.js';
import { openEnvironment } from '../compute/open-environment.js';

/** What a player of a task reads first, part by part. */
export interface FirstSight {
  instructions: string;
  format: string;
  observation: string;
}

/** Stands between the parts; no world writes it. */
const mark = '\u241e';

/**
 * Opens a text world to read the parts of its prompts. No policy has a say in them, and nothing is cut.
 *
 * @throws DatasetError for the files of a shop that cannot be read; the function, for a task of another world
 */
export async function openFirstSight(settings: HouseholdSettings | WebshopSettings): Promise<{
  read(task: Task): FirstSight;
  close(): Promise<void>;
}> {
  const whole = 1 << 24;
  const { environment, close } = await openEnvironment({
    settings: {
      ...settings,
      ...{ maxTokensPerTurn: 1, maxObservationTokens: whole, maxContextTokens: 2 * whole },
      promptTemplate: `{instructions}${mark}{format}${mark}{observation}`,
    },
    retriever: undefined,
  });
  return { read: (task) => firstSight(environment, task), close };
}

function firstSight(environment: Environment, { prompt: _, ...task }: Task): FirstSight {
  const { segments } = environment.start({ task, tokenizer: createByteTokenizer() });
  const [instructions = '', format = '', observation = ''] = (segments[0]?.text ?? '').split(mark);
  return { instructions, format, observation };
}
