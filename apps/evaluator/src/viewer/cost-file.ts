import { noCost, parseCost } from '../cost/cost-files.js';
import type { CostReport } from '../cost/evaluation-cost.js';
import { followValue } from './follow-value.js';
import type { FollowedFile } from './followed-file.js';
import type { ServedFolder } from './served-folder.js';

/** `cost.json` of an evaluation, read anew when it changes. */
export interface CostFile {
  readonly file: FollowedFile;
  readonly report: CostReport | undefined;
}

export function createCostFile(folder: ServedFolder, path: string): CostFile {
  let report: CostReport | undefined;
  const file = followValue({
    folder,
    path,
    reset: () => {
      report = undefined;
    },
    accept: (value) => {
      report = parseCost(value);
      return report === undefined ? noCost : undefined;
    },
  });
  return {
    file,
    get report() {
      return report;
    },
  };
}
