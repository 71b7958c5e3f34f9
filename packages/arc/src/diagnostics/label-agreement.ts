import type { Trajectory } from '@dgpo/trajectory';
import { type Agreement, cohensKappa } from '../metrics/cohens-kappa.js';
import { attributeCause } from './attribute-cause.js';
import type { Cause, CauseName } from './cause.js';

/** A failed episode with the cause that a person gave it. */
export interface LabelledEpisode {
  trajectory: Trajectory;
  label: CauseName;
}

/** An episode that the person and the decision list see differently. */
export interface LabelDisagreement {
  /** Of the trajectory. */
  id: string;
  label: CauseName;
  /** Null if the episode has no cause at all. */
  cause: Cause | null;
}

export interface LabelAgreement extends Agreement {
  disagreements: LabelDisagreement[];
}

/** Compares labels with {@link attributeCause}: Cohen's kappa, the confusion table (label first, cause second) and every difference. */
export function labelAgreement(episodes: readonly LabelledEpisode[]): LabelAgreement {
  const compared = episodes.map(({ trajectory, label }) => ({
    id: trajectory.id,
    label,
    cause: attributeCause(trajectory),
  }));
  return {
    ...cohensKappa(compared.map(({ label, cause }) => [label, cause?.name ?? 'none'])),
    disagreements: compared.filter(({ label, cause }) => label !== cause?.name),
  };
}
