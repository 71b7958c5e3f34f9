import { DatasetError, type Task, type Trajectory } from '@dgpo/trajectory';
import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { characters, segment, type Turn, worldEpisode } from './__fixtures__/worlds.js';
import { createStudentData } from './create-student-data.js';
import { findHintTraces } from './find-hint-traces.js';
import { addHints, createHintPromptTemplate, hintPromptTemplate, hintsOf, renderHints } from './hint-block.js';
import { removeHints } from './remove-hints.js';
import { stripHints } from './strip-hints.js';

const hints = ['Go to the {container} before you take the {object} from it.', 'Open {container}.'];
const task: Task = { id: 'game', question: 'put a mug in shelf', goldenAnswers: [], metadata: { type: 'put' } };
const parts = {
  instructions: 'You are in a room.',
  format: 'Write Action: COMMAND.',
  observation: 'You see a desk 1.',
};
const promptFor = (of: Task) => hintPromptTemplate({ ...parts, task: of });
const hinted = addHints({ task, hints });

/** An episode of the teacher whose turns are these. */
const teach = (turns: readonly Turn[], given: Task = hinted): Trajectory => {
  const { id, ...rest } = worldEpisode({ turns, prompt: promptFor(given), outcome: { correct: true, reward: 1 } });
  return { ...rest, id, task: given };
};
const clean: Turn[] = [
  ['go to desk 1', 'You arrive at desk 1.'],
  ['take mug 1 from desk 1', 'You pick up the mug 1.'],
];
const think = (thought: string) => teach([[`x\nThought: ${thought}`, 'ok']]);

const withoutLogProbs = (trajectory: Trajectory): Trajectory => ({
  ...trajectory,
  segments: trajectory.segments.map(({ logProbs: _, ...rest }) => rest),
});

describe('the block of hints', () => {
  test('stands before the observation; without hints the prompt is that of the environment', () => {
    expect(promptFor(hinted)).toBe(
      `${parts.instructions}\n\n${parts.format}\n\n${renderHints(hints)}\n\n${parts.observation}\n`,
    );
    expect(promptFor(task)).toBe(`${parts.instructions}\n\n${parts.format}\n\n${parts.observation}\n`);
    for (const hint of hints) expect(renderHints(hints)).toContain(`\n- ${hint}\n`);
    expect(renderHints([])).toBe('');
    expect(addHints({ task, hints: [] })).toBe(task);
  });

  test('stands before the observation of a short template too, and goes with its hints', () => {
    const short = createHintPromptTemplate({ template: '{question}: {observation}\n' });
    const given = { ...parts, observation: 'A {question} and $& stay.' };
    expect(short({ ...given, task })).toBe(`${task.question}: ${given.observation}\n`);
    const prompt = short({ ...given, task: hinted });
    expect(prompt).toBe(`${task.question}: ${renderHints(hints)}\n\n${given.observation}\n`);
    expect(stripHints(prompt, hints)).toBe(short({ ...given, task }));
  });

  test('goes into a prompt that the task brings along', () => {
    const user = { role: 'user', content: 'Play.' };
    const system = { role: 'system', content: 'Be good.' };
    expect(addHints({ task: { ...task, prompt: [system, user] }, hints }).prompt).toEqual([
      { role: 'system', content: `Be good.\n\n${renderHints(hints)}` },
      user,
    ]);
    expect(addHints({ task: { ...task, prompt: [user] }, hints }).prompt).toEqual([
      { role: 'user', content: `${renderHints(hints)}\n\nPlay.` },
    ]);
  });
});

describe('removeHints', () => {
  test('the prompt is the one without hints, everything else stays token by token', () => {
    const trajectory = teach(clean);
    const cleaned = removeHints({ trajectory, tokenizer: characters });
    expect(cleaned).toEqual(withoutLogProbs(teach(clean, task)));
    // They were sampled under the other prompt.
    expect(trajectory.segments.map(({ logProbs }) => logProbs !== undefined)).toContain(true);
    expect(cleaned.segments.slice(1)).toEqual(withoutLogProbs(trajectory).segments.slice(1));
    const promptOf = (of: Task) => segment('prompt', promptFor(of));
    expect(removeHints({ trajectory, promptOf })).toEqual(cleaned);
    expect(removeHints({ trajectory: cleaned, tokenizer: characters })).toEqual(cleaned);
  });

  test('under a prompt that stays as it is the log-probabilities stay too', () => {
    const plain = teach(clean, task);
    expect(removeHints({ trajectory: plain, tokenizer: characters })).toEqual(plain);
    expect(removeHints({ trajectory: plain, promptOf: (of) => segment('prompt', promptFor(of)) })).toEqual(plain);
  });

  test('hints outside of the block go too, and prompts in chat templates keep their frame', () => {
    const trajectory = teach(clean);
    const text = `<user>Play. ${hints[0]}\n- ${hints[1]}\nGo.\n\n${renderHints(hints)}<end>`;
    const given = { ...trajectory, segments: [segment('prompt', text), ...trajectory.segments.slice(1)] };
    const [prompt] = removeHints({ trajectory: given, tokenizer: characters }).segments;
    expect(prompt).toEqual(segment('prompt', '<user>Play. \nGo.<end>'));
  });

  test('a task with a prompt of its own gets it back', () => {
    const own: Task = {
      ...task,
      prompt: [
        { role: 'system', content: 'Be good.' },
        { role: 'user', content: 'Play.' },
      ],
    };
    const trajectory = teach(clean, addHints({ task: own, hints }));
    expect(removeHints({ trajectory, tokenizer: characters }).task).toEqual(own);
    const { metadata: _, ...bare } = task;
    expect(
      removeHints({ trajectory: teach(clean, addHints({ task: bare, hints })), tokenizer: characters }).task,
    ).toEqual(bare);
  });

  test('logs of text alone stay text', () => {
    const trajectory = teach(clean);
    const segments = trajectory.segments.map(({ tokenIds: _, logProbs: __, ...rest }) => rest);
    const [prompt] = removeHints({ trajectory: { ...trajectory, segments }, tokenizer: characters }).segments;
    expect(prompt).toEqual({ kind: 'prompt', text: promptFor(task) });
  });

  test('reference keeps the first line and the goal', () => {
    const text = `Be good.\n\nYour task is to: example.\n\n${renderHints(hints)}\n\nYou see a desk.\n\nYour task is to: put a mug in shelf.\n`;
    const trajectory = { ...teach(clean), segments: [segment('prompt', text)] };
    const [prompt] = removeHints({ trajectory, tokenizer: characters, compat: 'reference' }).segments;
    expect(prompt?.text).toBe('Be good.\nYour task is to: put a mug in shelf.\n');
    const shop = {
      ...trajectory,
      environment: 'webshop',
      segments: [segment('prompt', 'Buy.\nExample\nHere is the task: find it\n')],
    };
    expect(removeHints({ trajectory: shop, tokenizer: characters, compat: 'reference' }).segments[0]?.text).toBe(
      'Buy.\nHere is the task: find it\n',
    );
  });

  test('what cannot be encoded as it was is refused', () => {
    const trajectory = teach(clean);
    const other = { encode: (text: string) => characters.encode(text.toUpperCase()) };
    expect(() => removeHints({ trajectory, tokenizer: other })).toThrow(/give promptOf/);
    expect(() => removeHints({ trajectory, promptOf: () => undefined })).toThrow(DatasetError);
    expect(() => removeHints({ trajectory, promptOf: () => ({ kind: 'prompt', text: 'x' }) })).toThrow(/tokenIds/);
    const twice = { ...trajectory, segments: [...trajectory.segments, segment('prompt', 'x')] };
    expect(() => removeHints({ trajectory: twice, tokenizer: characters })).toThrow(/one prompt/);
    expect(() => removeHints({ trajectory: { ...trajectory, segments: [] }, tokenizer: characters })).toThrow(
      DatasetError,
    );
  });

  const word = fc.constantFrom('open', 'the', '{object}', 'é', '🛒', 'a-b', '$&');
  const hint = fc.array(word, { minLength: 3, maxLength: 8 }).map((words) => words.join(' '));
  property.prop([fc.array(hint, { maxLength: 5 }), fc.string({ unit: 'binary', maxLength: 30 })])(
    'whatever the hints are, the prompt is as if they had never been',
    (given, observation) => {
      fc.pre(!given.some((one) => `${observation}${JSON.stringify(parts)}`.includes(one)));
      const own = addHints({ task, hints: given });
      const prompt = (of: Task) => segment('prompt', hintPromptTemplate({ ...parts, observation, task: of }));
      const trajectory = { ...teach(clean, own), segments: [prompt(own)] };
      const cleaned = removeHints({ trajectory, tokenizer: characters });
      expect(cleaned.segments).toEqual([prompt(task)]);
      expect(cleaned.task).toEqual(task);
    },
  );
});

describe('findHintTraces', () => {
  const tracesOf = (trajectory: Trajectory, options = {}) =>
    findHintTraces({ trajectories: [removeHints({ trajectory, tokenizer: characters })], hints, ...options });

  test('a clean episode has none, though its commands use the words of hints', () => {
    expect(tracesOf(teach([...clean, ['open cabinet 1', 'You open the cabinet 1.']]))).toEqual([]);
    expect(tracesOf(think('I should go to the desk before I look into the drawer, and take the mug.'))).toEqual([]);
    expect(findHintTraces({ trajectories: [teach(clean, task)], hints: [] })).toEqual([]);
    expect(findHintTraces({ trajectories: [], hints })).toEqual([]);
  });

  test.each([
    ['exact', 'exact', 'As told: Go to the {container} before you take the {object} from it.'],
    ['other case and punctuation', 'normalized', 'go to the container, BEFORE you take the object from it'],
    ['line breaks', 'normalized', 'Go to the {container}\nbefore you\n  take the {object} from it.'],
    ['invisible characters', 'normalized', 'Go to the {con\u200btainer} bef\u00adore you take the {object} from it.'],
    [
      'spaced letters',
      'normalized',
      'G o t o t h e c o n t a i n e r b e f o r e y o u t a k e t h e o b j e c t f r o m i t',
    ],
    ['full-width letters', 'normalized', 'Ｇｏ to the {container} before you take the {object} from it.'],
    ['names filled in', 'normalized', 'I have to go to the desk 1 before you take the mug 1 from it.'],
    ['a long part', 'fuzzy', 'Remember: before you take the small mug from it, walk.'],
    ['a few letters changed', 'fuzzy', 'Go too the {containr} befor yu take teh {objct} from itt.'],
    ['a short hint with its placeholder', 'exact', 'Open {container}.'],
    ['a short hint in other spelling', 'normalized', 'I must OPEN: container!'],
    ['the frame of the block', 'exact', 'Act on it silently; do not repeat, quote or reword it.'],
  ])('%s', (_, match, thought) => {
    const traces = tracesOf(think(thought));
    expect(traces).toContainEqual({ trajectory: 'game#0', place: 'policy', index: 1, hint: expect.any(String), match });
  });

  test.each([
    ['advice', 'Thought: The advice says I must heat the mug first.\nAction: look'],
    ['advised', 'Thought: As ADVISED above, I heat it at once.\nAction: look'],
    ['hint', 'Thought: As the hint\u200b puts it, I heat it at once.\nAction: look'],
    ['hints', '{"thought": "the hints want it hot", "action": "look"}'],
    ['advice', 'goal: put a mug in shelf\nstate: None\nthought: follow the advice above\naction: look'],
  ])('a mention of hints is a trace: %s', (word, text) => {
    const base = teach(clean, task);
    const [prompt, , ...rest] = base.segments;
    const spoken = [...(prompt === undefined ? [] : [prompt]), segment('policy', text), ...rest];
    expect(findHintTraces({ trajectories: [{ ...base, segments: spoken }], hints: [] })).toContainEqual({
      trajectory: 'game#0',
      place: 'policy',
      index: 1,
      hint: word,
      match: 'mention',
    });
  });

  test('mentions are whole words that the policy was not told', () => {
    const mentions = (trajectory: Trajectory) =>
      findHintTraces({ trajectories: [trajectory], hints: [], decode: characters.decode });
    const said = teach([['click[hint of lime]', 'ok']], task);
    expect(mentions(said).map(({ place }) => place)).toEqual(['policy', 'action', 'action']);
    expect(mentions({ ...said, task: { ...task, question: 'buy a hint of lime' } })).toEqual([]);
    const [prompt, ...rest] = said.segments;
    const listed = { ...segment('prompt', `${prompt?.text}Hint of Lime`) };
    expect(mentions({ ...said, segments: [listed, ...rest] })).toEqual([]);
    expect(
      mentions(
        teach(
          [
            ['look', 'You see a hint of lime.'],
            ['take hint of lime', 'ok'],
          ],
          task,
        ),
      ),
    ).toEqual([]);
    expect(mentions(teach([['search[chintz adviser hinterland]', 'ok']], task))).toEqual([]);
    const own = segment('policy', 'Action: look');
    const smuggled = { ...own, tokenIds: characters.encode('the advice') };
    expect(mentions({ ...teach([], task), segments: [smuggled] })).toMatchObject([{ place: 'ids', hint: 'advice' }]);
  });

  test('observations, actions, tasks and ids are searched', () => {
    const [one = ''] = hints;
    const base = teach(clean, task);
    const places = (trajectory: Trajectory) =>
      findHintTraces({ trajectories: [trajectory], hints, decode: characters.decode }).map(
        ({ place, index }) => `${place} ${index}`,
      );
    expect(places(teach([['look', one]], task))).toEqual(['observation 2']);
    expect(places({ ...base, task: { ...task, question: one } })).toEqual(['task 0']);
    expect(places({ ...base, task: { ...task, prompt: [{ role: 'user', content: one }] } })).toEqual(['task 0']);
    expect(places({ ...base, task: { ...task, metadata: { hints: [one] } } })).toEqual(['task 0']);
    expect(
      places({ ...base, actions: [{ turn: 0, kind: 'command', text: 'x', command: one, executed: true }] }),
    ).toEqual(['action 0']);
    const [prompt, ...rest] = base.segments;
    const smuggled = { ...segment('prompt', one), text: prompt?.text ?? '' };
    expect(places({ ...base, segments: [smuggled, ...rest] })).toEqual(['ids 0']);
  });

  test('texts of the world are no traces when they are named', () => {
    const [one = ''] = hints;
    const told = { ...teach(clean, task), segments: [segment('prompt', `Rules: ${one} Good luck.`)] };
    expect(findHintTraces({ trajectories: [told], hints })).toHaveLength(1);
    expect(findHintTraces({ trajectories: [told], hints, ignore: [`Rules: ${one}`] })).toEqual([]);
  });

  test('a hint with dozens of placeholders is looked for all the same', () => {
    const many = `open the box ${'{object} '.repeat(40)}at once`;
    const search = (thought: string) =>
      findHintTraces({ trajectories: [teach([[`Thought: ${thought}`]], task)], hints: [many] }).map(
        ({ place, match }) => `${place} ${match}`,
      );
    expect(search(`open the box ${'word '.repeat(200)}`)).toEqual([]);
    expect(search(`open the box ${'word '.repeat(60)}at once`)[0]).toBe('policy normalized');
  });

  test('options are checked', () => {
    expect(() => findHintTraces({ trajectories: [], hints, minWords: 0 })).toThrow('minWords');
    expect(() => findHintTraces({ trajectories: [], hints, threshold: 2 })).toThrow('threshold');
  });
});

describe('createStudentData', () => {
  test('keeps clean episodes and drops those that speak of a hint, with the places', () => {
    const quoting = { ...think(`As advised: ${hints[0]}`), id: 'game#1' };
    const { kept, dropped } = createStudentData({ trajectories: [teach(clean), quoting], tokenizer: characters });
    expect(kept).toEqual([withoutLogProbs(teach(clean, task))]);
    expect(kept.flatMap((one) => hintsOf(one.task))).toEqual([]);
    expect(dropped.map(({ id }) => id)).toEqual(['game#1']);
    expect(dropped[0]?.traces.map(({ place, match }) => `${place} ${match}`)).toEqual([
      'policy exact',
      'policy mention',
      'action exact',
      'action mention',
      'action exact',
      'action mention',
    ]);
  });

  test('further hints are looked for, episodes without hints pass as they are', () => {
    const plain = teach(clean, task);
    expect(createStudentData({ trajectories: [plain], tokenizer: characters })).toEqual({ kept: [plain], dropped: [] });
    const { dropped } = createStudentData({ trajectories: [plain], tokenizer: characters, hints: ['go to desk 1'] });
    expect(dropped).toHaveLength(1);
  });
});
