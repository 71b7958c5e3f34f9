import { createScriptedPolicy, createSearchEnvironment, runEpisodes } from '@dgpo/envs';
import { createBm25Retriever } from '@dgpo/retriever';
import { exactMatch, type Task } from '@dgpo/trajectory';
import { describe, expect, it } from 'vitest';
import { createAtlas } from './atlas.js';
import { documentTemplate, observationPrefix, observationSuffix, renderObservation } from './documents.js';
import { expertScript, expertTurn } from './expert.js';
import { atlasTasks, evaluationTasks } from './tasks.js';

const atlas = createAtlas();
const retriever = createBm25Retriever({ documents: atlas.corpus });

async function playExpert(task: Task): Promise<boolean> {
  const observations: string[][] = [];
  for (;;) {
    const turn = expertTurn({ task, observations });
    const query = /<search>(.*)<\/search>/.exec(turn)?.[1];
    if (query === undefined) return exactMatch(/<answer>(.*)<\/answer>/.exec(turn)?.[1] ?? null, task.goldenAnswers);
    const [documents = []] = await retriever.retrieve({ queries: [query], topK: 2 });
    observations.push(documents.map(({ document }) => document.contents));
  }
}

describe('expertTurn', () => {
  it.each(['fiction', 'facts'] as const)(
    'answers at least 99 of 100 questions of %s with BM25 and two passages',
    async (split) => {
      const tasks = evaluationTasks({ atlas, split, count: 1500 });
      const right = await Promise.all(tasks.map(playExpert));
      expect(right.filter(Boolean).length).toBeGreaterThanOrEqual(0.99 * tasks.length);
    },
  );

  it('reads what it is shown and says when the fact is not there', () => {
    const metadata = { type: 'currency', hops: 1, subjects: ['Peru'], target: 'currency' };
    const task: Task = { id: '1', question: 'What money is used in Peru?', goldenAnswers: ['Peruvian sol'], metadata };
    const search = '<think>I need the currency of Peru.</think><search>currency of Peru</search>';
    expect(expertTurn({ task, observations: [] })).toBe(search);
    const passage = 'Peru\nThe currency of Peru is the Peruvian sol.';
    const answer = '<think>It is Peruvian sol.</think><answer>Peruvian sol</answer>';
    expect(expertTurn({ task, observations: [['Chile\nThe currency of Chile is the Chilean peso.', passage]] })).toBe(
      answer,
    );
    expect(expertTurn({ task, observations: [['Peru\nThe capital of Peru is Lima.']] })).toContain(
      '<answer>unknown</answer>',
    );
    expect(() => expertTurn({ task: { ...task, metadata: {} }, observations: [] })).toThrow(/tasks of the atlas only/);
  });

  it('plays the search environment as its oracle, which shows documents as renderObservation does', async () => {
    const tasks = [
      ...evaluationTasks({ atlas, split: 'facts', count: 40 }),
      ...evaluationTasks({ atlas, split: 'fiction', count: 40 }),
    ];
    const environment = createSearchEnvironment({
      retriever,
      topK: 2,
      documentTemplate,
      observationPrefix,
      observationSuffix,
      oracle: ({ task, actions }) =>
        expertTurn({
          task,
          observations: actions.map(({ documents = [] }) => documents.map(({ document }) => document.contents)),
        }),
    });
    const trajectories = await runEpisodes({
      environment,
      tasks,
      seed: 0,
      policy: createScriptedPolicy({ script: (state) => environment.oracle?.(state) ?? '' }),
    });
    expect(trajectories.filter(({ outcome }) => outcome.correct).length).toBeGreaterThanOrEqual(78);
    for (const { segments, actions } of trajectories) {
      const shown = segments.filter(({ kind }) => kind === 'observation').map(({ text }) => text);
      const documents = actions.flatMap((action) => (action.documents ? [action.documents] : []));
      expect(shown).toEqual(documents.map((list) => renderObservation(list.map(({ document }) => document.contents))));
    }
  });
});

describe('expertScript', () => {
  it('writes all turns of an episode', () => {
    const metadata = { type: 'currency-by-capital', subjects: ['Lima'], key: 'capital', target: 'currency' };
    const supporting = { supporting_facts: { title: ['Peru'] } };
    const question = 'What money is used in the country whose capital is Lima?';
    const task = { id: '1', question, goldenAnswers: ['Peruvian sol'], metadata: { ...metadata, ...supporting } };
    expect(expertScript(task, atlas)).toEqual([
      '<think>I need the country with capital Lima.</think><search>country with capital Lima</search>',
      '<think>It is Peru. I need the currency of Peru.</think><search>currency of Peru</search>',
      '<think>It is Peruvian sol.</think><answer>Peruvian sol</answer>',
    ]);
  });

  it('is right for every type of question', () => {
    for (const task of atlasTasks({ atlas, split: 'train', count: 200 })) {
      const last = expertScript(task, atlas).at(-1) ?? '';
      expect(exactMatch(/<answer>(.*)<\/answer>/.exec(last)?.[1] ?? null, task.goldenAnswers)).toBe(true);
    }
  });
});
