import type { DecoderConfig } from '@dgpo/lm';
import type { Recipe } from '../recipe/recipe-schema.js';
import { typicalEpisode } from './episode-size.js';
import type { Work } from './work.js';

/** What the stages of a run have to do. */
export interface StageWork {
  name: string;
  work: Work[];
}

export interface StagesOptions {
  recipe: Recipe;
  student: DecoderConfig;
  teacher: DecoderConfig;
  /** Training questions. */
  trainQuestions: number;
  /** Questions of each held-out set. */
  evalQuestions: readonly number[];
}

/** Tokens of every stage, with episodes of typical size. */
export function stagesOf(options: StagesOptions): StageWork[] {
  const { recipe, student, teacher, trainQuestions } = options;
  const { pretrain, coldStart, rl, evaluation } = recipe;
  const episode = typicalEpisode(recipe);
  const scripted = recipe.teacher.kind === 'scripted';

  const train = (model: DecoderConfig, tokens: number, context: number): Work => ({
    kind: 'train',
    model,
    tokens,
    context,
  });
  const score = (model: DecoderConfig, tokens: number): Work => ({
    kind: 'score',
    model,
    tokens,
    context: episode.total,
  });
  const play = (model: DecoderConfig, episodes: number): Work[] => [
    { kind: 'sample', model, tokens: episodes * episode.sampled, context: episode.total },
    score(model, episodes * (episode.total - episode.sampled)),
  ];

  const demonstrations = Math.min(coldStart.numTasks, trainQuestions) * coldStart.samplesPerTask;
  const kept = Math.min(demonstrations, coldStart.maxEpisodes);
  const imitated = coldStart.numTrainEpochs * kept * episode.total;
  const updates = rl.maxSteps;
  const episodes = rl.tasksPerStep * rl.numGenerations;
  const episodeTokens = updates * episodes * episode.total;
  const guided = rl.guidance.gate !== 'never' && rl.guidance.beta > 0;
  const questions = options.evalQuestions.reduce((sum, count) => sum + Math.min(count, evaluation.tasksPerSet), 0);

  return [
    ...(pretrain === undefined
      ? []
      : [
          {
            name: 'pretrain',
            work: [train(student, pretrain.maxSteps * pretrain.batchSize * pretrain.maxLength, pretrain.maxLength)],
          },
        ]),
    scripted
      ? { name: 'teacher', work: [train(teacher, imitated, episode.total)] }
      : { name: 'teacher episodes', work: play(teacher, demonstrations) },
    {
      name: 'cold start',
      work: [train(student, imitated, episode.total), ...(coldStart.klWeight > 0 ? [score(teacher, imitated)] : [])],
    },
    {
      name: rl.algorithm,
      work: [
        ...play(student, updates * episodes),
        ...(guided ? [score(teacher, episodeTokens)] : []),
        train(student, episodeTokens * rl.ppoEpochs, episode.total),
        ...(rl.algorithm === 'ppo'
          ? [score(student, episodeTokens), train(student, episodeTokens * rl.ppoEpochs, episode.total)]
          : []),
      ],
    },
    // Before and after the second phase, and the teacher.
    { name: 'evaluation', work: [...play(student, 2 * questions), ...play(teacher, questions)] },
  ];
}
