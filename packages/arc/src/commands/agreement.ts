import { DatasetError, readJsonLines, readTrajectories } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { type CauseName, causeDescriptions, causeNames } from '../diagnostics/cause.js';
import { type LabelAgreement, type LabelledEpisode, labelAgreement } from '../diagnostics/label-agreement.js';
import { formatTable } from '../format-table.js';
import type { CommandStreams } from './command-options.js';

/** Adds `dgpo-arc agreement`. */
export function addAgreementCommand(program: Command, { writeOut }: CommandStreams): void {
  program
    .command('agreement')
    .description("compare causes given by hand with those of the decision list (Cohen's kappa)")
    .argument('<labels.jsonl>', 'failed episodes, one per line, each with its cause as `label`')
    .option('--json', 'print one JSON object instead of tables')
    .action(async (path: string, { json = false }: { json?: boolean }) => {
      const agreement = labelAgreement(await readLabels(path));
      writeOut(json ? `${JSON.stringify(agreement, null, 2)}\n` : describe(agreement));
    });
}

async function readLabels(path: string): Promise<LabelledEpisode[]> {
  const labels: unknown[] = [];
  for await (const line of readJsonLines(path)) {
    labels.push(typeof line === 'object' && line !== null && 'label' in line ? line.label : undefined);
  }
  const episodes: LabelledEpisode[] = [];
  for await (const trajectory of readTrajectories(path)) {
    const label = labels[episodes.length];
    if (!isCauseName(label)) {
      throw new DatasetError(`episode ${trajectory.id} needs a label, one of ${causeNames.join(', ')}`, {
        where: path,
      });
    }
    episodes.push({ trajectory, label });
  }
  if (episodes.length === 0) throw new DatasetError('there are no episodes in this file', { where: path });
  return episodes;
}

const isCauseName = (value: unknown): value is CauseName => causeNames.some((name) => name === value);

function describe({ count, observed, expected, kappa, confusion, disagreements }: LabelAgreement): string {
  const decidedAs = (name: string) => Object.values(confusion).reduce((sum, row) => sum + (row[name] ?? 0), 0);
  const rows = causeNames.map((name) => {
    const row = confusion[name] ?? {};
    const labelled = Object.values(row).reduce((sum, times) => sum + times, 0);
    return [causeDescriptions[name].label, labelled, decidedAs(name), row[name] ?? 0];
  });
  const right = (header: string) => ({ header, align: 'right' as const });
  const causes = formatTable({
    columns: ['cause', right('by hand'), right('by the list'), right('by both')],
    rows: rows.filter(([, labelled, decided]) => labelled !== 0 || decided !== 0),
  });
  const differences = formatTable({
    columns: ['episode', 'by hand', 'by the list'],
    rows: disagreements.map(({ id, label, cause }) => [id, label, cause?.name ?? 'none']),
  });
  const verdict = `Cohen's kappa ${kappa.toFixed(3)}: ${(100 * observed).toFixed(1)} % of ${count} episodes agree, ${(100 * expected).toFixed(1)} % would by chance.`;
  return `${causes}\n\n${disagreements.length === 0 ? '' : `${differences}\n\n`}${verdict}\n`;
}
