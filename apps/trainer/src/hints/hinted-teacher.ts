import type { Tokenizer } from '@dgpo/lm';
import { ConfigError, ModelError, type Task } from '@dgpo/trajectory';
import { openEnvironment } from '../compute/open-environment.js';
import type { ScoredRow } from '../compute/scored-rows.js';
import type { ServerTeacher } from '../pipeline/server-teacher.js';
import { shareModel } from '../pipeline/stage-model.js';
import type { Workshop } from '../pipeline/workshop.js';
import type { HintSettings } from '../recipe/hints-section.js';
import { hashValue } from '../run/stable-hash.js';
import { scoreRows } from '../train/distillation/score-rows.js';
import type { Playground } from '../train/play-episodes.js';
import { type HintedModel, textSettingsOf } from './own-demonstrations.js';
import { retrievalStage } from './retrieval-stage.js';

/** The row of an episode with another prompt; what follows stays, token by token. */
function withPrompt(row: ScoredRow, promptLength: number, prompt: readonly number[]): ScoredRow {
  const rest = { tokenIds: row.tokenIds.subarray(promptLength), mask: row.mask.subarray(promptLength) };
  const tokenIds = new Int32Array(prompt.length + rest.tokenIds.length);
  const mask = new Uint8Array(tokenIds.length);
  tokenIds.set(prompt);
  tokenIds.set(rest.tokenIds, prompt.length);
  mask.set(rest.mask, prompt.length);
  return { tokenIds, mask };
}

/** Rows of episodes played without hints, with the prompts of the same tasks with hints; prompts are known by their ids. */
export function hintedRows(rows: readonly ScoredRow[], prompts: ReadonlyMap<string, readonly number[]>): ScoredRow[] {
  return rows.map((row) => {
    const length = row.mask.indexOf(1);
    // Nothing of it is scored.
    if (length < 0) return row;
    const prompt = prompts.get(row.tokenIds.subarray(0, length).join());
    if (prompt === undefined) throw new ModelError('the prompt of an episode belongs to none of the tasks with hints');
    return withPrompt(row, length, prompt);
  });
}

/** Prompts with hints by the ids of those without. */
async function promptsOf(options: {
  world: ReturnType<typeof textSettingsOf>;
  tokenizer: Tokenizer;
  tasks: readonly Task[];
  hintedTasks: readonly Task[];
}): Promise<{ prompts: Map<string, readonly number[]>; longer: number }> {
  const { world, tokenizer, tasks, hintedTasks } = options;
  const { environment, close } = await openEnvironment({ settings: world, retriever: undefined });
  const prompts = new Map<string, readonly number[]>();
  let longer = 0;
  try {
    const idsOf = (task: Task) => environment.start({ task, tokenizer }).segments[0]?.tokenIds ?? [];
    for (const [index, task] of tasks.entries()) {
      const [plain, hinted] = [idsOf(task), idsOf(hintedTasks[index] ?? task)];
      prompts.set(plain.join(), hinted);
      longer = Math.max(longer, hinted.length - plain.length);
    }
  } finally {
    await close();
  }
  return { prompts, longer };
}

const playsElsewhere = async (): Promise<never> => {
  throw new ConfigError('plays with demonstrator: hinted', { where: 'teacher.kind' });
};

/**
 * A model with the hints from its failures as the teacher of a student without them: the sampled tokens of an episode get the
 * log-probabilities that they have when the hints of the task stand in the prompt.
 *
 * @throws ConfigError when the longest episode would not fit into the model with its hints
 */
export async function hintedTeacher(options: {
  workshop: Workshop;
  playground: Playground;
  hinted: HintedModel;
  settings: HintSettings;
  tasks: readonly Task[];
}): Promise<ServerTeacher> {
  const { workshop, playground, hinted, settings, tasks } = options;
  const { policy, stored, name } = hinted;
  const world = textSettingsOf(playground.environment);
  const { tokenizer, config } = policy.weights;
  const given = await retrievalStage({
    workshop,
    playground,
    world,
    stored,
    settings,
    tasks,
    name: `${name}-guided-tasks`,
  });
  const { prompts, longer } = await promptsOf({ world, tokenizer, tasks, hintedTasks: given.tasks });
  const room = config.maxPositionEmbeddings - longer;
  if (world.maxContextTokens > room) {
    throw new ConfigError(
      `must be at most ${room} with teacher.kind: hinted: the model takes ${config.maxPositionEmbeddings} tokens, hints up to ${longer} of them`,
      { where: 'environment.maxTotalTokens' },
    );
  }
  const model = 'hinted-teacher';
  let shared: Promise<void> | undefined;
  return {
    kind: 'hinted',
    key: hashValue({ model: policy.key, hints: given.key }),
    async scoreRows(rows) {
      shared ??= shareModel(workshop, model, policy);
      await shared;
      const scored = { pool: workshop.pool, model, rows: hintedRows(rows, prompts), microBatchSize: 8, temperature: 1 };
      return (await scoreRows(scored)).map((logProbs) => ({ logProbs }));
    },
    name,
    play: playsElsewhere,
    generate: playsElsewhere,
  };
}
