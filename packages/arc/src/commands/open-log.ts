import {
  DatasetError,
  detectLogFormat,
  type LogFormat,
  type RejectedRecord,
  readLogs,
  type Trajectory,
} from '@dgpo/trajectory';

export interface LogOptions {
  path: string;
  format: LogFormat | 'auto';
  /** Whether a record that is no episode is an error. @default false */
  strict?: boolean;
}

/** What became of the records of a log. */
export interface LogSummary {
  format: LogFormat;
  episodes: number;
  /** Episodes that answer metrics leave out. */
  withoutGoldenAnswers: number;
  /** Records that are no episode. */
  rejected: number;
  /** The first twenty of them. */
  rejections: RejectedRecord[];
}

const kept = 20;
const shown = 5;

/**
 * The episodes of a log, and what became of its records as far as they were read.
 *
 * @throws DatasetError if the file is missing, of an unknown shape or, once read, without episodes; if it is strict, for a record that is none.
 */
export async function openLog({ path, format: named, strict = false }: LogOptions) {
  const format = named === 'auto' ? await detectLogFormat({ path }) : named;
  const summary: LogSummary = { format, episodes: 0, withoutGoldenAnswers: 0, rejected: 0, rejections: [] };
  const onRejected = (record: RejectedRecord) => {
    summary.rejected += 1;
    if (summary.rejections.length < kept) summary.rejections.push(record);
  };
  async function* read(): AsyncGenerator<Trajectory> {
    for await (const trajectory of readLogs({ path, format, ...(strict ? {} : { onRejected }) })) {
      summary.episodes += 1;
      summary.withoutGoldenAnswers += Number(trajectory.task.goldenAnswers.length === 0);
      yield trajectory;
    }
    const [first] = summary.rejections;
    if (summary.episodes > 0) return;
    const reason =
      first === undefined ? '' : `: ${summary.rejected} rejected, the first on line ${first.line}: ${first.reason}`;
    throw new DatasetError(`there are no episodes in this file${reason}`, { where: path });
  }
  return { episodes: read(), summary };
}

/** Warnings about a log, one line each; empty if every record was an episode with golden answers. */
export function describeLog(
  path: string,
  { episodes, withoutGoldenAnswers, rejected, rejections }: LogSummary,
): string {
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
