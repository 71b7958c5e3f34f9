import type { EvaluationSet } from '../evaluate/evaluate-model.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { HintSettings } from '../recipe/hints-section.js';
import type { Playground } from '../train/play-episodes.js';
import { type HintedModel, textSettingsOf } from './own-demonstrations.js';
import { retrievalStage } from './retrieval-stage.js';

/** Held-out sets whose tasks carry hints, to measure a model with retrieval at run time. */
export async function hintedSets(options: {
  workshop: Workshop;
  playground: Playground;
  hinted: HintedModel;
  settings: HintSettings;
  sets: readonly EvaluationSet[];
}): Promise<{ sets: EvaluationSet[]; tokens: ReadonlyMap<string, ReadonlyMap<string, number>> }> {
  const { hinted, sets, ...shared } = options;
  const world = textSettingsOf(shared.playground.environment);
  const found: EvaluationSet[] = [];
  const tokens = new Map<string, ReadonlyMap<string, number>>();
  for (const [index, { name, tasks }] of sets.entries()) {
    const given = await retrievalStage({
      ...{ ...shared, world, stored: hinted.stored, tasks },
      name: `${hinted.name}-hinted-set-${index}`,
    });
    found.push({ name, tasks: given.tasks });
    tokens.set(name, given.tokens);
  }
  return { sets: found, tokens };
}
