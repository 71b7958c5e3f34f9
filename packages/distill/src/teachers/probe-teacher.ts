import { type ChatMessage, createRandom, ModelError, type Random } from '@dgpo/trajectory';
import type { ScoreOptions, Teacher } from './teacher.js';

/** The student's side of the comparison. */
export interface ProbeTokenizer {
  readonly vocabularySize: number;
  encode(text: string, options?: { allowSpecial?: boolean }): number[];
  /** The chat template. Without it templates are not compared. */
  renderChat?(messages: readonly ChatMessage[]): string;
}

export interface ProbeTeacherOptions extends ScoreOptions {
  teacher: Teacher;
  tokenizer: ProbeTokenizer;
  /** Tags of the action protocol and of the template; each has to be one token. @default [] */
  specialTokens?: readonly string[];
  /** Something the teacher knows well, at least 16 tokens; a passage of the corpus is good. @default an English paragraph */
  text?: string;
  /** How much more likely a token of the text must be than one of the shuffled text, in nats. @default 0.5 */
  margin?: number;
  /** Of the shuffles. @default createRandom(0) */
  random?: Random;
}

/** What was compared, and what could not be. */
export interface TeacherProbe {
  /** `ids`: the server's tokenizer gave the same ids. `scores`: it has no endpoint for that, but knows the student's ids. */
  tokenizer: 'ids' | 'scores';
  /** Whether the server's chat template gave the same ids; it may have none or not tell. */
  chatTemplate: 'agrees' | 'unchecked';
  /** Tags whose ids nobody could compare. */
  uncheckedSpecialTokens: readonly string[];
  /** Mean log-probability of a token, in nats, where scores were compared. */
  meanLogProbs?: { text: number; shuffled: number };
}

const paragraph =
  'The capital of France is Paris. The city lies on the river Seine, and about two million people live there. ' +
  'It was founded more than 2,000 years ago and is known for its museums, its cafés and the Eiffel Tower.';

const shuffles = 4;
const leastTokens = 16;

/** A window around the first difference, as both sides have it. */
function difference(student: readonly number[], server: readonly number[]): string {
  const length = Math.max(student.length, server.length);
  const place = Array.from({ length }, (_, index) => index).find((index) => student[index] !== server[index]) ?? 0;
  const near = (ids: readonly number[]) => `[${ids.slice(Math.max(0, place - 3), place + 5).join(', ')}]`;
  return `from token ${Math.max(0, place - 3)} on the student has ${near(student)} (${student.length} in all), the server ${near(server)} (${server.length} in all)`;
}

const same = (left: readonly number[], right: readonly number[]) => left.join() === right.join();

async function compareScores(options: ProbeTeacherOptions, ids: readonly number[]) {
  const { teacher, margin = 0.5, random = createRandom(0).split('probe-teacher'), signal } = options;
  if (ids.length < leastTokens) {
    throw new ModelError(`the text of the probe has ${ids.length} tokens; give one of at least ${leastTokens}`, {
      where: teacher.name,
    });
  }
  const mask = ids.map((_, index) => (index === 0 ? 0 : 1));
  const rows = [ids, ...Array.from({ length: shuffles }, (_, index) => random.split(index).shuffle(ids))];
  const scores = await teacher.score(
    rows.map((tokenIds) => ({ tokenIds, mask })),
    signal === undefined ? {} : { signal },
  );
  const means = scores.map(({ logProbs }) => logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length);
  const [text = Number.NaN, ...others] = means;
  const shuffled = others.reduce((sum, value) => sum + value, 0) / others.length;
  if (!(text - shuffled >= margin)) {
    throw new ModelError(
      `the probe of scores failed: a token of a plain text has log-probability ${text.toFixed(3)} on average, one of the same ids shuffled ` +
        `${shuffled.toFixed(3)}; a model that knows these ids is at least ${margin} apart. The student's ids begin with ` +
        `[${ids.slice(0, 8).join(', ')}]. Give a teacher with the student's tokenizer, or a text that this teacher knows`,
      { where: teacher.name },
    );
  }
  return { text, shuffled };
}

/**
 * Checks that ids mean the same to a teacher and to the student, before the first row is scored.
 *
 * 1. Each of `specialTokens` is one id of the student's tokenizer.
 * 2. Where the teacher can tokenize: the text with all tags, each tag, and a rendered conversation give the student's ids.
 * 3. Where it cannot: a text's own order must be likelier than the same ids shuffled. Tags and template then stay unchecked.
 * 4. The student's highest id can be scored, so that no id of the student lies beyond the teacher's vocabulary.
 *
 * What it cannot see: ids that differ only in texts which no probe contains, tags that mean something else to a server without a
 * tokenizer, a template whose other branches (tools, several turns) differ, and weights that changed under the same name.
 *
 * @throws ModelError that names the probe and shows the ids of both sides
 */
export async function probeTeacher(options: ProbeTeacherOptions): Promise<TeacherProbe> {
  const { teacher, tokenizer, specialTokens = [], text = paragraph, signal } = options;
  const where = teacher.name;
  const limits = signal === undefined ? {} : { signal };
  const encode = (value: string) => tokenizer.encode(value, { allowSpecial: true });
  for (const tag of specialTokens) {
    const ids = encode(tag);
    if (ids.length === 1) continue;
    throw new ModelError(
      `the probe of special tokens failed: the student's tokenizer has ${ids.length} tokens ([${ids.join(', ')}]) for ${tag}; add it as a special token`,
      { where },
    );
  }
  const agree = (probe: string, student: readonly number[], server: readonly number[]) => {
    if (same(student, server)) return;
    throw new ModelError(
      `the probe of ${probe} failed: ${difference(student, server)}; student and teacher need the same tokenizer and template`,
      { where },
    );
  };

  const plain = encode(text);
  const withTags = `${text}${specialTokens.join('')}\n 한국 1984`;
  const ids = await teacher.tokenize?.({ text: withTags }, limits);
  const probe: TeacherProbe = { tokenizer: 'ids', chatTemplate: 'unchecked', uncheckedSpecialTokens: [] };
  if (ids === undefined) {
    probe.meanLogProbs = await compareScores(options, plain);
    probe.tokenizer = 'scores';
    probe.uncheckedSpecialTokens = specialTokens;
  } else {
    for (const tag of specialTokens) {
      const served = (await teacher.tokenize?.({ text: tag }, limits)) ?? [];
      agree(`the special token ${tag}`, encode(tag), served);
    }
    agree('the tokenizer', encode(withTags), ids);
    if (tokenizer.renderChat !== undefined) {
      const messages = [{ role: 'user', content: 'Which river runs through Paris?' }];
      const rendered = await teacher.tokenize?.({ messages }, limits);
      if (rendered !== undefined) {
        agree('the chat template', encode(tokenizer.renderChat(messages)), rendered);
        probe.chatTemplate = 'agrees';
      }
    }
    await teacher.score([{ tokenIds: plain, mask: plain.map(() => 1) }], limits);
  }

  const highest = tokenizer.vocabularySize - 1;
  try {
    await teacher.score([{ tokenIds: [...plain.slice(0, 1), highest], mask: [0, 1] }], limits);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ModelError(
      `the probe of the vocabulary failed: the teacher does not score ${highest}, the student's highest id (${cause instanceof Error ? cause.message : String(cause)})`,
      { where, cause },
    );
  }
  return probe;
}
