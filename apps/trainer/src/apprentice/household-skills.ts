import type { HouseholdFamily } from '@dgpo/envs/household';

/** What a player of the household can lack. */
export const householdSkills = ['open', 'explore', 'clean', 'heat', 'cool', 'both', 'lamp'] as const;

export type HouseholdSkill = (typeof householdSkills)[number];

/** The skills without which games of a family are lost. */
export const householdFamilySkills: Readonly<Record<HouseholdFamily, readonly HouseholdSkill[]>> = {
  pick_and_place_simple: ['open', 'explore'],
  look_at_obj_in_light: ['open', 'explore', 'lamp'],
  pick_clean_then_place_in_recep: ['open', 'explore', 'clean'],
  pick_heat_then_place_in_recep: ['open', 'explore', 'heat'],
  pick_cool_then_place_in_recep: ['open', 'explore', 'cool'],
  pick_two_obj_and_place: ['open', 'explore', 'both'],
};

/** The hints that `extractHints` of `@dgpo/distill/hints` writes for failures, each with the skills that it calls for. */
export const householdHints: Readonly<Record<string, readonly HouseholdSkill[]>> = {
  'Search one {location} after another, and open each closed {container}, until you see the {object}.': [
    'open',
    'explore',
  ],
  'Open the {container} before you put the {object} into it.': ['open'],
  'Leave a round of commands that shows nothing new; visit a {location} that you have not searched.': ['explore'],
  'Put the {object} into the {container} only after you have cleaned it.': ['clean'],
  'Once you hold the {object}, clean it before anything else.': ['clean'],
  'Put the {object} into the {container} only after you have heated it.': ['heat'],
  'Once you hold the {object}, heat it before anything else.': ['heat'],
  'Put the {object} into the {container} only after you have cooled it.': ['cool'],
  'Once you hold the {object}, cool it before anything else.': ['cool'],
  'After the first {object}, find a second one and put it into the same {container}.': ['both'],
  'Carry the {object} to the {location} of the lamp and use the lamp there.': ['lamp'],
  // What else goes wrong now and then; no apprentice lacks these.
  'Carry the {object} to the {container} as soon as it is ready.': [],
  'Do not send the same command again and again; try another {location} or another action.': [],
  'Go only to a {location} that an observation has named, by its full name.': [],
  'Do not go to the {location} where you already are; act there.': [],
  'Take the {object} only from the {container} where an observation has shown it.': [],
  'Take the {object} before you put it anywhere.': [],
  'Write each command in one of the listed forms, with names as the observation shows them.': [],
};
