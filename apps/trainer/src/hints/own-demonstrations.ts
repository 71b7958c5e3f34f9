import { ConfigError, type Task } from '@dgpo/trajectory';
import {
  type EnvironmentSettings,
  type HouseholdSettings,
  isTextWorld,
  type WebshopSettings,
} from '../compute/environment-settings.js';
import type { StageModel } from '../pipeline/stage-model.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { DistillSettings } from '../recipe/distill-section.js';
import type { HintSettings } from '../recipe/hints-section.js';
import type { Playground } from '../train/play-episodes.js';
import { hintStage, type StoredHints } from './hint-stage.js';
import { retrievalStage } from './retrieval-stage.js';
import { type Rollouts, rolloutsStage } from './rollouts-stage.js';
import { type StudentEpisodes, studentDataStage } from './student-data-stage.js';

/** A model with the hints from its own failures. */
export interface HintedModel {
  /** Of the model without them. */
  name: string;
  policy: StageModel;
  stored: StoredHints;
}

export interface OwnDemonstrationsOptions {
  workshop: Workshop;
  playground: Playground;
  /** Who plays. */
  policy: StageModel;
  /** Of that model, such as `base`; stages with the same one share its episodes. */
  policyName: string;
  tasks: readonly Task[];
  settings: DistillSettings;
  hints: HintSettings;
  seed: number;
}

export interface OwnDemonstrations {
  episodes: StudentEpisodes;
  /** Why the model has nothing to show; undefined where it has. */
  problem?: string;
  /** With `demonstrator: hinted`. */
  hinted?: HintedModel;
}

/** @throws ConfigError for a search, whose episodes give no hints */
export function textSettingsOf(environment: EnvironmentSettings): HouseholdSettings | WebshopSettings {
  if (isTextWorld(environment)) return environment;
  throw new ConfigError('needs data.world: household or webshop', { where: 'distill.demonstrator' });
}

function problemOf({ statistics }: StudentEpisodes, { correct, samples }: Rollouts, who: string): string | undefined {
  if (statistics.kept > 0) return undefined;
  if (correct === 0) return `${who} succeeded in none of ${samples} training episodes`;
  const { 'invalid-actions': invalid, 'hint-traces': traces } = statistics.dropped;
  return `${who} has ${correct} successes in ${samples} training episodes, but none to learn from: ${invalid} with too many invalid actions, ${traces} that speak of a hint`;
}

/**
 * Episodes of a model for itself: its successes (rejection sampling), or with `demonstrator: hinted` those with hints from its failures in
 * the prompt (hint distillation), played on the same tasks. The tasks are played without hints first in both cases.
 */
export async function ownDemonstrations(options: OwnDemonstrationsOptions): Promise<OwnDemonstrations> {
  const { workshop, playground, policy, policyName, tasks, settings, hints, seed } = options;
  const world = textSettingsOf(playground.environment);
  const { reporter } = workshop;
  const shared = { workshop, playground, policy, settings, seed };
  const student = { workshop, playground, world, settings, tokenizer: policy.weights.tokenizer, filter: hints.filter };
  const rollouts = await rolloutsStage({ ...shared, name: `${policyName}-rollouts`, tasks });
  const said = ({ correct, samples }: Rollouts) => `succeeded in ${correct} of ${samples} training episodes`;
  reporter.line(`${policyName} ${said(rollouts)}`);
  if (settings.demonstrator === 'self') {
    const episodes = await studentDataStage({ ...student, name: `${policyName}-successes`, rollouts });
    return { episodes, ...asProblem(problemOf(episodes, rollouts, policyName)) };
  }
  const stored = await hintStage({ workshop, name: `${policyName}-hints`, rollouts, settings: hints });
  if (stored.failures === 0)
    reporter.line(`${policyName} did not fail: there are no hints, and it learns from what it can`);
  const given = await retrievalStage({
    ...{ workshop, playground, world, stored, tasks, settings: hints },
    name: `${policyName}-hinted-tasks`,
  });
  const taught = await rolloutsStage({ ...shared, name: `${policyName}-hinted-rollouts`, tasks: given.tasks });
  reporter.line(`${policyName} with hints ${said(taught)}`);
  const episodes = await studentDataStage({ ...student, name: `${policyName}-hinted-successes`, rollouts: taught });
  const { 'hint-traces': traces } = episodes.statistics.dropped;
  if (traces > 0) reporter.line(`${traces} successes speak of their hints and are left out`);
  return {
    episodes,
    ...asProblem(problemOf(episodes, taught, `${policyName} with hints`)),
    hinted: { name: policyName, policy, stored },
  };
}

const asProblem = (problem: string | undefined) => (problem === undefined ? {} : { problem });
