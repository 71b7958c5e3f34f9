import { join } from 'node:path';
import { isDgpoError, type Trajectory, writeJsonLines, writeTrajectories } from '@dgpo/trajectory';
import type { RlSettings } from '../recipe/rl-section.js';
import { checkpointSteps, discardCheckpoints } from '../run/discard-checkpoints.js';
import { readMetrics } from '../run/read-metrics.js';
import { runStage } from '../run/run-stage.js';
import { evaluateDuringTraining } from '../train/evaluate-during-training.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import type { Rollouts } from '../train/policy/collect-rollouts.js';
import { optimizePolicy } from '../train/policy/optimize-policy.js';
import { collapseWatch } from './collapse-watch.js';
import { pendingRollouts } from './pending-rollouts.js';
import { playgroundInputs } from './playground-inputs.js';
import { policyModels, shareReference } from './policy-models.js';
import { readRollBacks, writeRollBacks } from './roll-backs.js';
import type { ServerTeacher } from './server-teacher.js';
import type { StageModel } from './stage-model.js';
import { savedStageModel, saveStageModel } from './trained-stage-model.js';
import type { TrainingOptions } from './training-options.js';

/** The teacher is not needed where none guides. */
export interface PolicyStageOptions extends TrainingOptions {
  /** Also the label of its metrics. */
  name: string;
  settings: RlSettings;
}

/** How often it is saved, how episodes are played and passes are run changes nothing. */
const decisive = ({
  saveSteps: _,
  saveTotalLimit: __,
  rolloutBatchSize: ___,
  gradientCheckpointing: ____,
  ...others
}: RlSettings) => others;

interface Attempt {
  collapsed: string | null;
  steps: number;
  /** Undefined after a roll back: another attempt follows. */
  parameters: Float32Array | undefined;
}

/** Trains from the latest checkpoint to the end, or to a collapse that asks for a roll back. */
async function attempt(
  options: PolicyStageOptions,
  target: string,
  reference: string | ServerTeacher | undefined,
): Promise<Attempt> {
  const { workshop, name, playground, tasks, validationTasks = [], settings, seed } = options;
  const { reporter, run, signal, traceTokens } = workshop;
  const rollBacks = await readRollBacks(target);
  const { student, critic, dispose } = await policyModels(options);
  const { window, action } = settings.collapse;
  const directory = join(target, 'checkpoints');
  // A roll back needs a checkpoint from before the updates that were averaged.
  const before = action === 'rollBack' ? Math.ceil(window / settings.saveSteps) + 1 : 0;
  const checkpoints = modelCheckpoints({
    directory,
    config: { settings: decisive(settings), seed },
    models: critic === undefined ? [student] : [student, critic],
    keep: Math.max(settings.saveTotalLimit, before),
    metricsPath: run.metricsPath,
    report: reporter.line,
  });
  const completedSteps = await checkpoints.restore();
  const show = ['reward', 'searches', 'valid_action_rate', 'completions/mean_length'];
  const tracker = workshop.tracker({ stage: name, totalSteps: settings.maxSteps, completedSteps, show });
  const logged = await readMetrics(run.metricsPath);
  const history = logged.filter(({ stage }) => stage === name).map(({ values }) => values);
  const watch = collapseWatch({ settings: settings.collapse, rollBacks: rollBacks.length, history });
  const pending = pendingRollouts({ directory: target, rollBacks: rollBacks.length });
  const result: Attempt = { collapsed: null, steps: completedSteps, parameters: undefined };
  let saved = completedSteps;
  let isRollingBack = false;
  let wasCollapsed = false;
  let ahead: (() => Promise<Rollouts>) | undefined;
  const save = async (step: number, metric?: number) => {
    if (ahead !== undefined) await pending.save(step + 1, await ahead());
    await checkpoints.save(step, { metric });
    saved = step;
    if (settings.maxStaleness > 0) await pending.keep(await checkpointSteps(directory));
  };
  const training = optimizePolicy({
    playground,
    student,
    ...(critic === undefined ? {} : { critic }),
    ...(typeof reference === 'string' ? { reference } : {}),
    ...(typeof reference === 'object' ? { scoreReference: reference.scoreRows } : {}),
    settings,
    tasks,
    seed,
    rollBacks: rollBacks.length,
    firstStep: completedSteps + 1,
    history,
    prepared: await pending.load(completedSteps + 1),
    onStep: async (step, metrics, episodes: readonly Trajectory[], next, tokens) => {
      const { maxSteps } = settings;
      const model = student.name;
      const evaluated = { playground, model, tasks: validationTasks, settings, step, maxSteps, seed };
      const evaluation = await evaluateDuringTraining(evaluated).catch((error: unknown) => {
        // The update is made and not logged: the run goes on from the checkpoint before it.
        saved = step;
        throw error;
      });
      const { metric } = evaluation;
      tracker.log({ ...metrics, ...evaluation.metrics }, step);
      result.steps = step;
      ahead = next;
      const verdict = watch.update(metrics);
      const isNew = verdict.status === 'collapsed' && !wasCollapsed;
      wasCollapsed = verdict.status === 'collapsed';
      if (verdict.status === 'collapsed' && action === 'warn') {
        if (isNew) reporter.line(`${name} may have collapsed at update ${step}: ${verdict.reason}`);
      } else if (verdict.status === 'collapsed' && verdict.action === 'rollBack') {
        const to = await discardCheckpoints({ directory, after: Math.min(verdict.goodUpdates, step - 1) });
        await writeRollBacks(target, [...rollBacks, { step, to, reason: verdict.reason }]);
        reporter.line(`${name} goes back from update ${step} to ${to}: ${verdict.reason}`);
        isRollingBack = true;
        return true;
      } else if (verdict.status === 'collapsed') {
        result.collapsed = verdict.reason;
        reporter.line(`${name} stopped after update ${step}: ${verdict.reason}`);
      }
      const stops = result.collapsed !== null;
      if (step % settings.saveSteps === 0 || metric !== undefined || stops || signal?.aborted) {
        await writeTrajectories(join(run.tracesPath, `${name}-${step}.jsonl`), episodes.slice(0, 16));
        if (traceTokens > 0) {
          await writeJsonLines(join(run.tracesPath, `${name}-${step}.tokens.jsonl`), tokens(traceTokens));
        }
        await save(step, metric);
      }
      return stops;
    },
    signal,
  });
  await training.catch(async (error: unknown) => {
    // An interrupt and a search engine out of order end the rollouts of the next update; the models are still those of the last.
    const endedRollouts = signal?.aborted || (isDgpoError(error) && error.code === 'RETRIEVER_ERROR');
    // Where those were played ahead they failed, and only the checkpoint before can be continued from exactly.
    if (endedRollouts && result.steps > saved) await save(result.steps).catch(() => undefined);
    throw error;
  });
  await tracker.finish();
  if (!isRollingBack) {
    if (settings.loadBestModelAtEnd) await checkpoints.restoreBest();
    result.parameters = (await student.parameters()).slice();
    await pending.keep([]);
  }
  dispose();
  return result;
}

/** A stage of reinforcement learning, such as phase 2 of DGPO, guided as the recipe says. */
export async function policyStage(
  options: PolicyStageOptions,
): Promise<StageModel & { collapsed: string | null; steps: number }> {
  const { workshop, name, playground, student, lora, teacher, tasks, validationTasks = [], settings, seed } = options;
  const { directory, output, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: {
      student: student.key,
      ...(lora === undefined ? {} : { lora }),
      teacher: teacher?.key,
      tasks,
      settings: decisive(settings),
      seed,
      ...(settings.evalSteps > 0 ? { validationTasks } : {}),
      ...playgroundInputs(playground),
    },
    run: async ({ directory: target }) => {
      const { maxSteps, tasksPerStep, numGenerations } = settings;
      workshop.reporter.stage(name, `${maxSteps} updates of ${tasksPerStep * numGenerations} episodes`);
      const reference = await shareReference(options);
      let last = await attempt(options, target, reference);
      while (last.parameters === undefined) last = await attempt(options, target, reference);
      const { collapsed, steps, parameters } = last;
      const { environment } = playground;
      await saveStageModel({ directory: target, model: student, lora, parameters, environment });
      return { collapsed, steps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return { ...(await savedStageModel({ directory, model: student, lora })), ...output };
}
