import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDecoder, type DecoderConfig, getParameters } from '@dgpo/lm';
import { type CollapseMetrics, createCollapseGuard } from '@dgpo/rl';
import { isDgpoError, type Task, type Trajectory, writeTrajectories } from '@dgpo/trajectory';
import type { RlSettings } from '../recipe/rl-section.js';
import { runStage } from '../run/run-stage.js';
import { evaluateDuringTraining } from '../train/evaluate-during-training.js';
import { modelCheckpoints } from '../train/model-checkpoints.js';
import type { Playground } from '../train/play-episodes.js';
import { optimizePolicy } from '../train/policy-optimization.js';
import { createTrainedModel } from '../train/trained-model.js';
import { playgroundInputs } from './playground-inputs.js';
import { saveAgent } from './save-agent.js';
import { type StageModel, shareModel, stageModel } from './stage-model.js';
import type { Workshop } from './workshop.js';

/** The critic starts from the student's body with a value head of zeros (dgpo.py: initialised from the student path). */
async function criticParameters(config: DecoderConfig, student: Float32Array): Promise<Float32Array> {
  const decoder = createDecoder({ config, valueHead: true });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  parameters.set(student);
  return parameters;
}

/** What the collapse guard looks at. */
function collapseMetrics(metrics: Record<string, number>): CollapseMetrics {
  return {
    reward: metrics.reward ?? 0,
    validActionRate: metrics.valid_action_rate ?? 0,
    meanLength: metrics['completions/mean_length'] ?? 0,
  };
}

/** The logged updates of a stage, oldest first. */
async function readMetrics(path: string, stage: string): Promise<Record<string, number>[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, number> & { stage: string })
    .filter((entry) => (entry.stage as unknown) === stage);
}

/** A stage of reinforcement learning, such as phase 2 of DGPO, guided by the teacher as the recipe says. */
export async function policyStage(options: {
  workshop: Workshop;
  /** Also the label of its metrics. */
  name: string;
  playground: Playground;
  student: StageModel;
  /** Not needed where nothing guides. */
  teacher: StageModel | undefined;
  tasks: readonly Task[];
  /** For evaluations during the training. @default none: nothing is evaluated */
  validationTasks?: readonly Task[];
  settings: RlSettings;
  seed: number;
}): Promise<StageModel & { collapsed: string | null; steps: number }> {
  const { workshop, name, playground, student, teacher, tasks, validationTasks = [], settings, seed } = options;
  // How often it is saved changes nothing.
  const { saveSteps, saveTotalLimit, ...decisive } = settings;
  const { directory, output, skipped } = await runStage({
    runDirectory: workshop.run.path,
    name,
    inputs: {
      student: student.key,
      teacher: teacher?.key,
      tasks,
      settings: decisive,
      seed,
      ...(settings.evalSteps > 0 ? { validationTasks } : {}),
      ...playgroundInputs(playground),
    },
    run: async ({ directory: target }) => {
      workshop.reporter.stage(
        name,
        `${settings.maxSteps} updates of ${settings.tasksPerStep * settings.numGenerations} episodes`,
      );
      if (teacher !== undefined) await shareModel(workshop, 'teacher', teacher.weights);
      const { config, parameters, tokenizer } = student.weights;
      const { pool } = workshop;
      const { maxGradNorm } = settings;
      const model = await createTrainedModel({ pool, name: 'student', config, parameters, maxGradNorm });
      const critic =
        settings.algorithm === 'grpo'
          ? undefined
          : await createTrainedModel({
              pool,
              name: 'critic',
              config,
              parameters: await criticParameters(config, parameters),
              valueHead: true,
              maxGradNorm,
            });
      const checkpoints = modelCheckpoints({
        directory: join(target, 'checkpoints'),
        config: { settings: decisive, seed },
        models: critic === undefined ? [model] : [model, critic],
        keep: saveTotalLimit,
        metricsPath: workshop.run.metricsPath,
        report: workshop.reporter.line,
      });
      const completedSteps = await checkpoints.restore();
      const tracker = workshop.tracker({
        stage: name,
        totalSteps: settings.maxSteps,
        completedSteps,
        show: ['reward', 'searches', 'valid_action_rate', 'completions/mean_length'],
      });
      const guard = createCollapseGuard();
      let collapsed: string | null = null;
      for (const earlier of await readMetrics(workshop.run.metricsPath, name)) {
        const { status, reason } = guard.update(collapseMetrics(earlier));
        // A run that was killed after it had collapsed does not train on.
        if (status === 'collapsed') collapsed = reason;
      }
      let steps = completedSteps;
      let saved = completedSteps;
      const training = optimizePolicy({
        playground,
        student: model,
        ...(critic === undefined ? {} : { critic }),
        ...(teacher === undefined ? {} : { teacher: 'teacher' }),
        algorithm: settings.algorithm,
        tasks,
        tasksPerStep: settings.tasksPerStep,
        numGenerations: settings.numGenerations,
        temperature: settings.temperature,
        maxSteps: settings.maxSteps,
        ppoEpochs: settings.ppoEpochs,
        miniBatchSize: settings.miniBatchSize,
        microBatchSize: settings.microBatchSize,
        schedule: { learningRate: settings.learningRate, warmupSteps: settings.warmupSteps },
        criticLearningRate: settings.criticLearningRate,
        criticWarmupSteps: settings.criticWarmupSteps,
        clipRatio: settings.clipRatio,
        valueClipRange: settings.valueClipRange,
        gamma: settings.gamma,
        lambda: settings.lambda,
        entropyCoefficient: settings.entropyCoefficient,
        guidance: settings.guidance,
        seed,
        firstStep: collapsed === null ? completedSteps + 1 : settings.maxSteps + 1,
        onStep: async (step, metrics, episodes: readonly Trajectory[]) => {
          const evaluation = await evaluateDuringTraining({
            playground,
            model: model.name,
            tasks: validationTasks,
            settings,
            step,
            maxSteps: settings.maxSteps,
            seed,
          }).catch((error: unknown) => {
            // The update is made and not logged: the run goes on from the checkpoint before it.
            saved = step;
            throw error;
          });
          const { metric } = evaluation;
          tracker.log({ ...metrics, ...evaluation.metrics }, step);
          steps = step;
          const { status, reason } = guard.update(collapseMetrics(metrics));
          const stops = status === 'collapsed';
          if (stops) {
            collapsed = reason;
            workshop.reporter.line(`${name} stopped after update ${step}: ${reason}`);
          }
          if (step % saveSteps === 0 || metric !== undefined || stops || workshop.signal?.aborted) {
            await writeTrajectories(join(workshop.run.tracesPath, `${name}-${step}.jsonl`), episodes.slice(0, 16));
            await checkpoints.save(step, { metric });
            saved = step;
          }
          return stops;
        },
        signal: workshop.signal,
      });
      await training.catch(async (error: unknown) => {
        // An interrupt and a search engine out of order end the rollouts of the next update; the models are still those of the last.
        const endedRollouts = workshop.signal?.aborted || (isDgpoError(error) && error.code === 'RETRIEVER_ERROR');
        if (endedRollouts && steps > saved) await checkpoints.save(steps);
        throw error;
      });
      await tracker.finish();
      if (settings.loadBestModelAtEnd) await checkpoints.restoreBest();
      const trained = { config, parameters: (await model.parameters()).slice(), tokenizer };
      model.dispose();
      critic?.dispose();
      await saveAgent({ directory: join(target, 'model'), weights: trained, environment: playground.environment });
      return { collapsed, steps };
    },
  });
  if (skipped) workshop.reporter.stage(name, 'already there');
  return { ...(await stageModel(join(directory, 'model'))), ...output };
}
