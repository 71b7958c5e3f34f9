import { createTextEnvironment, type EpisodeState, type PlainData, type TextWorld } from '@dgpo/envs';
import type { Task } from '@dgpo/trajectory';
import { asAction, notUnderstood, type Playable, roomy, withoutLabel } from './playable.js';

/** Any world of text whose commands are lower case: what a person types is the command, in whichever case. */
export function openTextWorld<State extends PlainData>(options: {
  world: TextWorld<State>;
  tasks: readonly Task[];
  /** @default 50 */
  maxTurns?: number;
}): Playable {
  const { world, tasks, maxTurns = 50 } = options;
  const environment = createTextEnvironment({
    ...roomy,
    world,
    maxTurns,
    format: 'react',
    promptTemplate: '{instructions}\n\n{observation}',
    invalidActionMessage: notUnderstood,
  });
  // The environment has checked that it is there, and writes nothing else into it.
  const worldOf = (state: EpisodeState) => state.world as State;
  return {
    environment,
    tasks,
    maxTurns,
    write: (command) => asAction(command.toLowerCase()),
    read: withoutLabel,
    admissible: (state) => world.admissibleCommands(worldOf(state)),
    expert: (state) => world.expert(worldOf(state)),
  };
}
