/** Metrics of one step by name; a value that is not finite is logged as it is and never drawn. */
export type Metrics = Readonly<Record<string, number>>;

/** Where metrics go. */
export interface Tracker {
  /** Records the metrics of a step. */
  log(metrics: Metrics, step: number): void;
  /** Writes what is pending. No `log` may follow. */
  finish(): Promise<void>;
}

/** One tracker that passes everything on to several. */
export function combineTrackers(trackers: readonly Tracker[]): Tracker {
  return {
    log: (metrics, step) => {
      for (const tracker of trackers) tracker.log(metrics, step);
    },
    finish: async () => {
      for (const tracker of trackers) await tracker.finish();
    },
  };
}
