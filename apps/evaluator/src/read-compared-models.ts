import { basename, dirname } from 'node:path';
import { readEvaluation } from '@dgpo/trainer';
import { DatasetError, readTrajectories, type Trajectory } from '@dgpo/trajectory';
import type { ComparedModel } from './compare-evaluations.js';
import { readCost } from './cost/cost-files.js';
import type { ComparedPair } from './evaluation-differences.js';

const isEpisodeFile = (path: string) => path.endsWith('.jsonl');

/** A file of episodes alone is a set of its own, called as `dgpo-eval run` names such files: `<set>/episodes.jsonl`, `samples_<set>.jsonl`. */
async function readEpisodeFile(path: string): Promise<ComparedModel> {
  const trajectories: Trajectory[] = [];
  for await (const trajectory of readTrajectories(path)) trajectories.push(trajectory);
  if (trajectories.length === 0) throw new DatasetError('there are no episodes in this file', { where: path });
  const file = basename(path, '.jsonl');
  const name = file === 'episodes' ? basename(dirname(path)) : file;
  const policies = new Set(trajectories.map(({ policy }) => policy));
  const [policy] = policies;
  return {
    model: policies.size === 1 && policy !== undefined ? policy : name,
    sets: [{ name: name.replace(/^samples_/, ''), trajectories }],
  };
}

async function readComparedModel(path: string): Promise<ComparedModel> {
  if (isEpisodeFile(path)) return readEpisodeFile(path);
  const evaluation = await readEvaluation({ path });
  const cost = await readCost({ directory: path.endsWith('.json') ? dirname(path) : path });
  return { ...evaluation, ...(cost === undefined ? {} : { cost }) };
}

/** The one set of a model, called otherwise. */
const renamed = (model: ComparedModel, name: string): ComparedModel => ({
  ...model,
  sets: model.sets.map((set) => ({ ...set, name })),
});

/**
 * Reads what is to be compared: folders or `results.json` of `dgpo-eval run`, stages of a run, or files of episodes (`.jsonl`). A file of
 * episodes is the set of the other side, whatever it is called, where that has just one.
 * @throws DatasetError when one is missing, damaged or of another version.
 */
export async function readComparedModels(paths: Record<keyof ComparedPair, string>): Promise<ComparedPair> {
  const baseline = await readComparedModel(paths.baseline);
  const candidate = await readComparedModel(paths.candidate);
  const [before, after] = [baseline.sets[0]?.name ?? '', candidate.sets[0]?.name ?? ''];
  if (baseline.sets.length === 1 && candidate.sets.length === 1) {
    if (isEpisodeFile(paths.candidate)) return { baseline, candidate: renamed(candidate, before) };
    if (isEpisodeFile(paths.baseline)) return { baseline: renamed(baseline, after), candidate };
  }
  return { baseline, candidate };
}
