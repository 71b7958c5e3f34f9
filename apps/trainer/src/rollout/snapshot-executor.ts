import { ModelError } from '@dgpo/trajectory';
import type { JobResult } from '../compute/jobs.js';
import type { OpenJob } from '../compute/open-job.js';
import type { ComputePool } from '../compute/pool.js';
import { frozen } from './frozen.js';
import type { PublishedJob, RolloutExecutor, RolloutJob } from './rollout-executor.js';

/** One version of a model: what brings it into the workers. */
interface Snapshot {
  /** The folder, where only what is trained of it changes. */
  folder?: OpenJob;
  /** The weights, or the trained values of the folder. */
  values?: PublishedJob;
}

/** Jobs that play with one version. */
interface Turn {
  snapshot: Snapshot;
  ready: Promise<unknown>;
  jobs: Promise<unknown>[];
}

/** Under this name the workers hold the version that plays, beside the one that is trained. */
const played = (name: string) => `${name} (played)`;

/**
 * The executor of one machine for rollouts that go on while the model is trained: jobs play with a copy of the weights of the time at
 * which they were given, and a copy is replaced when its last job is done. Each worker holds every model that plays twice.
 */
export function createSnapshotExecutor(pool: ComputePool): RolloutExecutor {
  const newest = new Map<string, Snapshot>();
  const turns = new Map<string, Turn>();

  const publish = (job: PublishedJob) => {
    if (job.kind === 'open') newest.set(job.name, { folder: { ...job, name: played(job.name) } });
    else if (job.kind === 'model' && !job.valueHead) {
      newest.set(job.name, { values: { ...job, name: played(job.name), weights: frozen(job.weights) } });
    } else if (job.kind === 'trainable') {
      const folder = newest.get(job.model)?.folder;
      if (folder === undefined) throw new ModelError(`model "${job.model}" gets new values before it was opened`);
      const values = { ...job, model: played(job.model), parameters: frozen(job.parameters) };
      newest.set(job.model, { folder, values });
    }
  };
  const bring = async (snapshot: Snapshot, before: Turn | undefined) => {
    await before?.ready.catch(() => undefined);
    await Promise.allSettled(before?.jobs ?? []);
    const { folder, values } = snapshot;
    const opened = before?.snapshot.folder === folder && before?.snapshot.values !== undefined && values !== undefined;
    if (folder !== undefined && !opened) await pool.broadcast(folder);
    if (values !== undefined) await pool.broadcast(values);
  };
  const turnOf = (name: string): Turn => {
    const snapshot = newest.get(name);
    if (snapshot === undefined) throw new ModelError(`no weights were published of model "${name}"`);
    const last = turns.get(name);
    if (last?.snapshot === snapshot) return last;
    const turn = { snapshot, ready: bring(snapshot, last), jobs: [] };
    turns.set(name, turn);
    return turn;
  };
  const play = async <J extends RolloutJob>(job: J): Promise<JobResult<J>[]> => {
    if (job.policy === 'expert') return pool.run([job]);
    const { model } = job.policy;
    const turn = turnOf(model);
    const playing = turn.ready.then(() => pool.run([{ ...job, policy: { model: played(model), name: model } }]));
    turn.jobs.push(playing);
    return playing;
  };
  return {
    get parallel() {
      return pool.parallel;
    },
    run: async (jobs) => (await Promise.all(jobs.map(play))).flat(1) as never,
    publish: async (job) => publish(job),
    close: async () => undefined,
  };
}
