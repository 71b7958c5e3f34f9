import type { Tracker } from './tracker.js';
import { openWandbFile } from './wandb-file.js';
import type { WandbHistory, WandbRunFacts } from './wandb-records.js';
import { createWandbUpload, type WandbServer } from './wandb-upload.js';

/** Options of {@link createWandbTracker}. */
export interface WandbTrackerOptions extends WandbRunFacts {
  /** Folder that holds the runs, named `wandb` by convention; created when absent. */
  directory: string;
  /** Steps that hold from an earlier attempt: the file is cut back to them. @default 0, a run that starts afresh */
  completedSteps?: number;
  /** Where the run is uploaded to while it goes on. @default nowhere: the file alone */
  server?: WandbServer;
  /** Told once, where an upload fails: the file stays. @default a line on stderr */
  notify?: (line: string) => void;
  /** Seconds since 1970. @default the wall clock */
  wallTime?: () => number;
}

/**
 * Writes `offline-run-<date>-<id>/run-<id>.wandb`, which `wandb sync <folder>` uploads, and with a `server` uploads it at once as well.
 * The network can neither stop nor slow a run: when it fails, `notify` says so once and the file is complete all the same.
 *
 * @throws {ConfigError} when the file to continue is larger than 1 GiB
 */
export function createWandbTracker(options: WandbTrackerOptions): Tracker {
  const { directory, completedSteps = 0, server, wallTime = () => Date.now() / 1000 } = options;
  const { id, project, entity, group, jobType, displayName, config } = options;
  const notify = options.notify ?? ((line: string) => process.stderr.write(`${line}\n`));
  const facts = { id, project, group, jobType, displayName, config, ...(entity === undefined ? {} : { entity }) };
  const start = wallTime();
  const file = openWandbFile({ directory, facts, completedSteps, startTime: start });
  // The time of a run that is continued goes on from its last step.
  const earlier = file.kept.at(-1)?._runtime ?? 0;
  const upload =
    server === undefined
      ? undefined
      : createWandbUpload({
          ...server,
          facts,
          onFailure: (reason) =>
            notify(`W&B: ${reason}. The run is in ${file.directory}; upload it with: wandb sync ${file.directory}`),
        });
  for (const history of file.kept) upload?.send(history);
  return {
    log: (metrics, step) => {
      const time = wallTime();
      const history: WandbHistory = { ...metrics, _timestamp: time, _runtime: earlier + time - start, _step: step };
      file.append(history, step);
      upload?.send(history);
    },
    finish: async () => {
      file.close(earlier + wallTime() - start);
      if (await upload?.finish()) file.markSynced();
    },
  };
}
