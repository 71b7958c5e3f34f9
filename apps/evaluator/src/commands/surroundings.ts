import type { CommandLineSurroundings, ComputePool } from '@dgpo/trainer';

/** What a command may touch; tests give their own. */
export interface CliSurroundings extends CommandLineSurroundings {
  /** Workers that are there already. @default new ones */
  pool?: ComputePool;
  /** Where the built page of the viewer lies. @default in the package */
  viewerPage?: string;
}
