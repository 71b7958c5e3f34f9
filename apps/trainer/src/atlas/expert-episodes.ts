import { createBm25Index } from '@dgpo/retriever';
import { createRandom, exactMatch, type Random, type Segment, type Task } from '@dgpo/trajectory';
import type { Atlas } from './atlas.js';
import { renderObservation } from './documents.js';
import { expertTurn } from './expert.js';
import { countryPassages } from './passages.js';
import { drawQuestion, drawScene, type Scene } from './scene.js';
import { questionTask } from './tasks.js';

/** An episode of the scripted expert to learn from. */
export interface ExpertEpisode {
  task: Task;
  /** Policy and observation in turn, text only; the environment's prompt goes before. */
  segments: Segment[];
}

const topK = 2;

function play(task: Task, { countries }: Scene, random: Random): Segment[] | undefined {
  const documents = random.shuffle(countries.flatMap((country) => countryPassages(country, random)));
  const index = createBm25Index({ documents });
  const observations: string[][] = [];
  const segments: Segment[] = [];
  for (;;) {
    const text = expertTurn({ task, observations });
    segments.push({ kind: 'policy', text });
    const query = /<search>(.*)<\/search>/.exec(text)?.[1];
    if (query === undefined) {
      const answer = /<answer>(.*)<\/answer>/.exec(text)?.[1] ?? null;
      return exactMatch(answer, task.goldenAnswers) ? segments : undefined;
    }
    const found = index.search({ query, topK }).flatMap(({ index: position }) => documents[position]?.contents ?? []);
    // The best passage does not always come first in a large corpus.
    const shown = random.next() < 0.15 ? found.reverse() : found;
    observations.push(shown);
    segments.push({ kind: 'observation', text: renderObservation(shown) });
  }
}

/**
 * A fresh episode of the expert: a question about a country to train on, or about one invented for this episode whose values may be
 * names of the real world; passages come from a small corpus of that scene, rendered as the demo's search environment does.
 * A draw whose facts that corpus does not bring is drawn again.
 */
export function expertEpisodeExample(atlas: Atlas, random: Random): ExpertEpisode {
  for (;;) {
    const scene = drawScene(atlas, random);
    const question = drawQuestion(scene, random);
    const task = questionTask({ question, wording: random.integer(question.wordings.length), split: 'train' });
    const segments = play(task, scene, random);
    if (segments) return { task, segments };
  }
}

/** A list of fresh expert episodes; same atlas and seed, same list. */
export function expertEpisodes({
  atlas,
  count,
  seed = 0,
}: {
  atlas: Atlas;
  count: number;
  seed?: number;
}): ExpertEpisode[] {
  const random = createRandom(seed).split('expert-episodes');
  return Array.from({ length: count }, (_, index) => expertEpisodeExample(atlas, random.split(index)));
}
