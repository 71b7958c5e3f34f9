import type { RunSummary, RunsReply } from '../../src/viewer/api.js';
import { versionOfRuns } from './live.js';
import { createQuery } from './query.js';

/** All runs, up to date. */
export const createRunsQuery = () => createQuery<RunsReply>(() => 'runs', versionOfRuns);

/** The name of a run; its id as long as the list is not there. */
export const nameOf = (runs: readonly RunSummary[] | undefined, id: string): string =>
  runs?.find((run) => run.id === id)?.name ?? id;
