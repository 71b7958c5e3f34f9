import { basename, join } from 'node:path';
import { ConfigError, ModelError, type Task, writeJsonLines } from '@dgpo/trajectory';
import type { Command } from 'commander';
import { compareComponents } from '../components/compare-components.js';
import {
  type ComponentRow,
  type ComponentScores,
  componentLabels,
  componentNames,
  componentRows,
  readComponentRows,
} from '../components/component-rows.js';
import { componentComparisonTable, componentTable } from '../components/component-tables.js';
import { createChatComponents } from '../components/create-chat-components.js';
import { queryRewriting } from '../components/query-rewriting.js';
import { readQuestionRecords } from '../components/read-question-records.js';
import { recordPassages } from '../components/record-passages.js';
import { sourceReferencing } from '../components/source-referencing.js';
import { thinking } from '../components/thinking.js';
import { openCachedChat } from '../endpoint/cached-chat.js';
import type { ChatModel } from '../endpoint/chat-model.js';
import { createSearchEndpoint } from '../endpoint/create-search-endpoint.js';
import { formatTable } from '../format-table.js';
import { renderReport } from '../report/render-report.js';
import { addCommonOptions, type CommandStreams, type CommonFlags, parseWhole } from './command-options.js';
import { type ComponentsResult, componentsReport } from './components-report.js';
import { addEndpointOptions, chatOf, describeCache, type EndpointFlags } from './endpoint-options.js';
import { writeText } from './write-text.js';

interface ComponentsFlags extends CommonFlags, EndpointFlags {
  retriever?: string;
  topK: number;
  maxSearches: number;
  maxTokens: number;
  limit?: number;
  baseline?: string;
}

/** Adds `dgpo-arc components`. */
export function addComponentsCommand(program: Command, streams: CommandStreams): void {
  const command = program
    .command('components')
    .description('measure source referencing, thinking and query rewriting of a model behind an API')
    .argument(
      '<questions.jsonl>',
      'questions with their gold passages, as in HotpotQA, 2WikiMultihopQA, MuSiQue or NQ',
    );
  addEndpointOptions(command)
    .option('--retriever <url>', 'server with POST /retrieve, for query rewriting')
    .option('--top-k <n>', 'passages for each query', parseWhole(1), 3)
    .option('--max-searches <n>', 'queries a question at most', parseWhole(1), 4)
    .option('--max-tokens <n>', 'longest reply with thoughts', parseWhole(1), 1024)
    .option('--limit <n>', 'only so many questions, from the start', parseWhole(1))
    .option('--baseline <components.jsonl>', 'what an earlier run wrote, to compare with question by question');
  addCommonOptions(command, 'write components.json, components.jsonl and report.html there').action(
    (path: string, flags: ComponentsFlags) => components(path, flags, streams),
  );
}

async function components(
  path: string,
  flags: ComponentsFlags,
  { writeOut, writeError }: CommandStreams,
): Promise<void> {
  const { out, json = false, bootstrapSamples, seed } = flags;
  const bootstrap = { bootstrapSamples, seed };
  const tasks = await readQuestions(path, flags.limit);
  const baseline = flags.baseline === undefined ? null : await readComponentRows(flags.baseline);
  const problems: string[] = [];
  const chat = await openCachedChat({ chat: chatOf(flags), path: flags.cache });
  let scores: ComponentScores;
  try {
    scores = await measure(tasks, flags, chat, problems);
  } finally {
    await chat.close();
  }
  writeError(describeCache(chat.hits, flags.cache));
  const rows = componentRows(scores);
  const result: ComponentsResult = {
    model: chat.model,
    questions: basename(path),
    scores,
    thinkingEffect: compareComponents({ ...bootstrap, ...asThinking(rows) }),
    comparison: baseline === null ? null : compareComponents({ ...bootstrap, baseline, candidate: rows }),
    ...bootstrap,
  };
  const text = `${JSON.stringify(withoutEpisodes(result), null, 2)}\n`;
  if (out !== undefined) {
    await writeJsonLines(join(out, 'components.jsonl'), rows);
    await writeText(join(out, 'components.json'), text);
    await writeText(join(out, 'report.html'), renderReport(componentsReport(result)));
  }
  writeOut(json ? text : describe(result));
  if (out !== undefined && !json) writeOut(`Wrote components.json, components.jsonl and report.html to ${out}\n`);
  if (problems.length > 0) {
    throw new ModelError(
      `${problems.length} replies are missing, and their questions left out; the first: ${problems[0]}. The same command asks for what is missing alone`,
    );
  }
}

async function readQuestions(path: string, limit = Number.POSITIVE_INFINITY): Promise<Task[]> {
  const tasks: Task[] = [];
  for await (const task of readQuestionRecords(path)) {
    tasks.push(task);
    if (tasks.length >= limit) break;
  }
  return tasks;
}

async function measure(
  tasks: readonly Task[],
  flags: ComponentsFlags,
  chat: ChatModel,
  problems: string[],
): Promise<ComponentScores> {
  const { retriever, topK, maxSearches, maxTokens, concurrency, bootstrapSamples, seed, timeout, retries } = flags;
  const bootstrap = { bootstrapSamples, seed };
  const onProblem = (problem: string) => problems.push(problem);
  const { answerFrom, queryFrom } = createChatComponents({ chat, concurrency, maxTokens, onProblem });
  const isReadable = (task: Task) => task.goldenAnswers.length > 0 && recordPassages(task).length > 0;
  const reading = tasks.some(isReadable) ? { ...bootstrap, tasks, goldPassages: recordPassages, answerFrom } : null;
  if (reading === null && retriever === undefined) {
    throw new ConfigError(
      'no record brings its gold passages (context, paragraphs or positive passages), and there is no --retriever: nothing can be measured',
      { where: 'questions' },
    );
  }
  const searchFrom =
    retriever === undefined ? null : createSearchEndpoint({ retriever, topK, retries, timeout: 1000 * timeout });
  return {
    sourceReferencing: reading === null ? null : await sourceReferencing(reading),
    thinking: reading === null ? null : await thinking(reading),
    queryRewriting:
      searchFrom === null ? null : await queryRewriting({ ...bootstrap, tasks, queryFrom, searchFrom, maxSearches }),
  };
}

/** Answers without thoughts as the baseline of those with. */
const asThinking = (rows: readonly ComponentRow[]) => ({
  baseline: rows
    .filter(({ component }) => component === 'sourceReferencing')
    .map((row): ComponentRow => ({ ...row, component: 'thinking' })),
  candidate: rows.filter(({ component }) => component === 'thinking'),
});

function withoutEpisodes({ scores, ...rest }: ComponentsResult) {
  const figures = componentNames.map((component) => {
    const { episodes: _, ...score } = scores[component] ?? { episodes: null };
    return [component, scores[component] === null ? null : score];
  });
  return { ...rest, components: Object.fromEntries(figures) };
}

function describe({ model, scores, thinkingEffect, comparison, bootstrapSamples, seed }: ComponentsResult): string {
  const leftOut = componentNames.flatMap((component) => {
    const score = scores[component];
    if (score === null) return [`${componentLabels[component]} was not measured`];
    const { skippedTasks, failedTasks } = score;
    if (skippedTasks + failedTasks === 0) return [];
    return [`${componentLabels[component]} leaves out ${skippedTasks} without gold and ${failedTasks} failed`];
  });
  const tables = [formatTable(componentTable(scores))];
  if (thinkingEffect.length > 0) {
    tables.push(`With thoughts against without:\n${formatTable(componentComparisonTable(thinkingEffect))}`);
  }
  if (comparison !== null) {
    tables.push(`${model} against the baseline:\n${formatTable(componentComparisonTable(comparison))}`);
  }
  const notes = [
    `Means with 95 % bootstrap intervals over questions (${bootstrapSamples} resamples, seed ${seed}); p is that of a paired permutation test.`,
    ...(leftOut.length === 0 ? [] : [`${leftOut.join('; ')}.`]),
  ];
  return `${tables.join('\n\n')}\n\n${notes.join('\n')}\n`;
}
