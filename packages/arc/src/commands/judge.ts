import { basename, join } from 'node:path';
import { ModelError, writeJsonLines } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { openCachedChat } from '../endpoint/cached-chat.js';
import { formatTable } from '../format-table.js';
import { type JudgeSummary, judgeAnswers } from '../judge/judge-answers.js';
import { judgeConfusionTable, judgeTable } from '../judge/judge-table.js';
import { parseVerdict } from '../judge/parse-verdict.js';
import {
  addCommonOptions,
  addLogOptions,
  type CommandStreams,
  type CommonFlags,
  type LogFlags,
} from './command-options.js';
import { addEndpointOptions, chatOf, describeCache, type EndpointFlags } from './endpoint-options.js';
import { describeLog } from './open-log.js';
import { readEpisodes } from './read-episodes.js';
import { writeText } from './write-text.js';

type JudgeFlags = CommonFlags & EndpointFlags & LogFlags;

/** Adds `dgpo-arc judge`. */
export function addJudgeCommand(program: Command, streams: CommandStreams): void {
  const command = program
    .command('judge')
    .description('have a model behind an API judge the answers, beside exact match')
    .argument('<logs.jsonl>', 'episodes: JSONL or a JSON list');
  addCommonOptions(addEndpointOptions(addLogOptions(command)), 'write judge.json and verdicts.jsonl there').action(
    (path: string, flags: JudgeFlags) => judge(path, flags, streams),
  );
}

async function judge(path: string, flags: JudgeFlags, streams: CommandStreams): Promise<void> {
  const { out, json = false, bootstrapSamples, seed, concurrency, cache, format, strict = false } = flags;
  const { writeOut, writeError } = streams;
  const { measures, log } = await readEpisodes({ path, format, strict });
  writeError(describeLog(path, log));
  const chat = await openCachedChat({
    chat: chatOf(flags),
    path: cache,
    keep: ({ text }) => parseVerdict(text) !== null,
  });
  let summary: JudgeSummary;
  try {
    summary = await judgeAnswers({ items: measures, chat, concurrency, bootstrapSamples, seed });
  } finally {
    await chat.close();
  }
  writeError(describeCache(chat.hits, cache));
  const { answers, ...figures } = summary;
  const result = { logs: basename(path), ...figures, bootstrapSamples, seed, log };
  if (out !== undefined) {
    await writeJsonLines(join(out, 'verdicts.jsonl'), answers);
    await writeText(join(out, 'judge.json'), `${JSON.stringify(result, null, 2)}\n`);
  }
  if (json) writeOut(`${JSON.stringify(result, null, 2)}\n`);
  else {
    const { judged, unanswered, unparseable, failed, withoutGold } = summary.counts;
    writeOut(`${formatTable(judgeTable(summary))}\n\n${formatTable(judgeConfusionTable(summary))}\n\n`);
    writeOut(
      `${judged} judged by ${summary.model} (prompt ${summary.promptVersion}), ${unanswered} without an answer count as wrong; left out: ${unparseable} without a readable verdict, ${failed} failed, ${withoutGold} without golden answers.\n`,
    );
    if (out !== undefined) writeOut(`Wrote judge.json and verdicts.jsonl to ${out}\n`);
  }
  complain(summary);
}

function complain({ answers, counts: { unparseable, failed } }: JudgeSummary): void {
  const missing = unparseable + failed;
  const row = answers.findIndex(({ status }) => status === 'failed' || status === 'unparseable');
  const first = answers[row];
  if (first === undefined) return;
  throw new ModelError(
    `${missing} of ${answers.length} verdicts are missing; the first is of episode ${row + 1}, ${first.id}: ${first.problem}. The same command asks for these alone`,
  );
}
