import type { LogFormat, RejectedRecord } from '@dgpo/trajectory';

/** What became of the records of a log. */
export interface LogSummary {
  format: LogFormat;
  episodes: number;
  /** Episodes that answer metrics leave out. */
  withoutGoldenAnswers: number;
  /** Records that are no episode. */
  rejected: number;
  /** The first of them. */
  rejections: RejectedRecord[];
}

const shown = 5;

/** Warnings about a log, one line each; empty if every record was an episode with golden answers. */
export function describeLog(path: string, log: LogSummary): string {
  const { episodes, withoutGoldenAnswers, rejected, rejections } = log;
  const lines: string[] = [];
  if (rejected > 0) {
    lines.push(`warning: ${path}: ${rejected} of ${episodes + rejected} records rejected`);
    lines.push(
      ...rejections.slice(0, shown).map(({ line, reason }) => `  line ${line}: ${reason.replace(/\s+/g, ' ')}`),
    );
    if (rejected > shown) lines.push(`  and ${rejected - shown} more`);
  }
  if (withoutGoldenAnswers > 0) {
    lines.push(
      `warning: ${path}: ${withoutGoldenAnswers} of ${episodes} episodes have no golden answers, answer metrics leave them out`,
    );
  }
  return lines.map((line) => `${line}\n`).join('');
}
