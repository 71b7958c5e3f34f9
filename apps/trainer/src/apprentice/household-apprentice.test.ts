import { extractHints } from '@dgpo/distill/hints';
import { householdFamilies } from '@dgpo/envs/household';
import type { Trajectory } from '@dgpo/trajectory';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HouseholdSkill, householdHints, householdSkills } from './household-skills.js';
import { createHouseholdApprentices } from './household-world.js';
import { playApprentices } from './play-apprentices.js';

const world = createHouseholdApprentices({ limitScale: 8 });
const tasks = world.tasks({ split: 'unseen', count: 90, seed: 5 });
const play = (skills: readonly HouseholdSkill[]) =>
  playApprentices({ world, tasks, lessonFor: () => ({ hints: [], skills: new Set(skills) }) });
const lost = (episodes: readonly Trajectory[]) => episodes.filter(({ outcome }) => !outcome.correct);
const hintsOf = (episodes: readonly Trajectory[]) =>
  lost(episodes).flatMap((trajectory) => extractHints({ trajectory }).map(({ hint }) => hint));

test('with every skill it wins, and nothing is refused', async () => {
  const episodes = await play(householdSkills);
  expect(lost(episodes).length / episodes.length).toBeLessThanOrEqual(0.05);
  expect(episodes.flatMap(({ actions }) => actions).filter(({ executed }) => !executed)).toEqual([]);
});

describe('without any skill', () => {
  let episodes: Trajectory[] = [];
  beforeAll(async () => {
    episodes = await play([]);
  });

  test.each(householdFamilies)('it loses at least half of %s', (family) => {
    const own = episodes.filter(({ task }) => task.metadata?.type === family);
    expect(own.length).toBeGreaterThan(5);
    expect(lost(own).length / own.length).toBeGreaterThanOrEqual(0.5);
  });

  test('the extractor writes nothing that apprentices do not know', () => {
    const hints = hintsOf(episodes);
    expect(hints.length).toBeGreaterThan(0);
    expect(hints.filter((hint) => householdHints[hint] === undefined)).toEqual([]);
  });
});

describe.each(householdSkills)('without %s alone', (missing) => {
  let episodes: Trajectory[] = [];
  beforeAll(async () => {
    episodes = await play(householdSkills.filter((skill) => skill !== missing));
  });

  test('it loses, and hardly anywhere but where the skill is needed', () => {
    expect(lost(episodes).length).toBeGreaterThan(0);
    const elsewhere = lost(episodes).filter(({ task }) => !world.neededFor(task).includes(missing));
    expect(elsewhere.length / episodes.length).toBeLessThanOrEqual(0.05);
  });

  test('its failures give hints that call for it', () => {
    const hints = hintsOf(episodes);
    expect(hints.filter((hint) => householdHints[hint] === undefined)).toEqual([]);
    expect(hints.flatMap((hint) => householdHints[hint] ?? [])).toContain(missing);
  });
});
