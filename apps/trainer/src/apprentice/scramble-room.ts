import type { HouseholdGame } from '@dgpo/envs/household';
import type { Random, Task } from '@dgpo/trajectory';

const mostNumbers = 9;

/** A new number for every name, the type before it kept. */
function renumber(names: readonly string[], random: Random): Map<string, string> {
  const numbers = new Map<string, number[]>();
  return new Map(
    names.map((name) => {
      const type = name.replace(/ \d+$/, '');
      const left = numbers.get(type) ?? random.shuffle(Array.from({ length: mostNumbers }, (_, index) => index + 1));
      numbers.set(type, left);
      return [name, `${type} ${left.pop() ?? name}`];
    }),
  );
}

/**
 * The task in the same room with its furniture and objects in another order and under other numbers: who has learned how such rooms look as
 * a rule must read this one.
 */
export function scrambleRoom(task: Task, random: Random): Task {
  // Tasks of `createHouseholdGames` carry their game here.
  const game = task.metadata?.household as HouseholdGame;
  const places = renumber(
    game.receptacles.map(({ name }) => name),
    random,
  );
  const things = renumber(
    game.objects.map(({ name }) => name),
    random,
  );
  const scrambled: HouseholdGame = {
    ...game,
    receptacles: random.shuffle(game.receptacles).map((place) => ({ ...place, name: places.get(place.name) ?? '' })),
    objects: random.shuffle(game.objects).map((object) => ({
      ...object,
      name: things.get(object.name) ?? '',
      inside: object.inside.map((place) => places.get(place) ?? ''),
    })),
  };
  return { ...task, id: `${task.id}-scrambled`, metadata: { ...task.metadata, household: scrambled } };
}
