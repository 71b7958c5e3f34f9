import { createHousehold, createHouseholdGames, type HouseholdFamily, householdFamilies } from '@dgpo/envs/household';
import { createRandom, type Task } from '@dgpo/trajectory';
import type { HouseholdSettings } from '../compute/environment-settings.js';
import { apprenticeEnvironment, shortPrompt } from './apprentice-environment.js';
import type { ApprenticeTasksOptions, ApprenticeWorld, CreateApprenticesOptions } from './apprentice-world.js';
import { householdTurn } from './household-apprentice.js';
import { type HouseholdSkill, householdFamilySkills, householdHints } from './household-skills.js';
import { scrambleRoom } from './scramble-room.js';

/** The rules of an episode in a small room. */
const settings: HouseholdSettings = {
  kind: 'household',
  maxTurns: 16,
  maxTokensPerTurn: 48,
  maxObservationTokens: 96,
  maxContextTokens: 1024,
  ...shortPrompt,
};

const strengths: Readonly<Record<HouseholdSkill, number>> = {
  open: 0.3,
  explore: 0.7,
  clean: 0.7,
  heat: 0.3,
  cool: 0.3,
  both: 0.3,
  lamp: 0.7,
};

function tasks({ count, seed, split }: ApprenticeTasksOptions): Task[] {
  const perFamily = Math.ceil(count / householdFamilies.length);
  const rooms = split === 'train' ? 'train' : 'valid_unseen';
  const games = createHouseholdGames({ perFamily, seed, size: 'small', split: rooms });
  const random = createRandom(seed).split('small-household', split);
  const drawn = random.shuffle(games).slice(0, count);
  // Rooms of a kind are much alike: most of those to learn from are not as usual, so that players read instead of knowing.
  return split === 'unseen'
    ? drawn
    : drawn.map((task, index) => (index % 4 === 0 ? task : scrambleRoom(task, random.split('room', index))));
}

/** Small rooms of the household with their apprentices. */
export function createHouseholdApprentices({
  limitScale = 1,
}: CreateApprenticesOptions = {}): ApprenticeWorld<HouseholdSkill> {
  return {
    name: 'household',
    settings,
    environment: apprenticeEnvironment({ world: createHousehold(), settings, limitScale }),
    vocabularyPieces: 448,
    hints: householdHints,
    strengthsFor: () => strengths,
    tasks,
    // `createHouseholdGames` names the family of a task here.
    neededFor: ({ metadata }) => householdFamilySkills[metadata?.type as HouseholdFamily],
    turn: householdTurn,
  };
}
