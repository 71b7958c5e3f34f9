import { join } from 'node:path';
import { createDecoder, decoderConfig, getParameters, saveModel, selectEngine, trainCompactTokenizer } from '@dgpo/lm';
import { createRetriever } from '@dgpo/retriever';
import { createRandom, type Task, type Trajectory, writeTasks } from '@dgpo/trajectory';

const passages = [
  { id: '0', contents: '"Peru"\nPeru is a country in South America. Its capital is Lima.' },
  { id: '1', contents: '"Lima"\nLima lies on the Pacific coast.' },
];

const tags = ['think', 'search', 'information', 'answer'].flatMap((name) => [`<${name}>`, `</${name}>`]);

const titled = (title: string, hops: number) => ({ hops, supporting_facts: { title: [title], sent_id: [0] } });

const tasks: Task[] = [
  { id: '1', question: 'What is the capital of Peru?', goldenAnswers: ['Lima'], metadata: titled('Peru', 1) },
  { id: '2', question: 'Where does Lima lie?', goldenAnswers: ['the Pacific coast'], metadata: titled('Lima', 1) },
  { id: '3', question: 'By which sea is the capital of Peru?', goldenAnswers: ['Pacific'], metadata: titled('Lima', 2) },
];

/** A model folder with random weights, an index and a file of three questions. */
export async function writeTinyWorld(directory: string) {
  await selectEngine({ engine: 'cpu' });
  const texts = passages.map(({ contents }) => contents);
  const tokenizer = trainCompactTokenizer({ texts, specialTokens: tags, maximumPieces: 16 });
  const config = decoderConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 8,
    numHiddenLayers: 1,
    numAttentionHeads: 2,
    maxPositionEmbeddings: 256,
  });
  const decoder = createDecoder({ config, random: createRandom(1) });
  const parameters = (await getParameters(decoder)).slice();
  decoder.dispose();
  const paths = {
    checkpoint: join(directory, 'model'),
    index: join(directory, 'index'),
    questions: join(directory, 'peru.jsonl'),
  };
  await saveModel({ directory: paths.checkpoint, config, parameters, tokenizer });
  await (await createRetriever({ documents: passages })).save(paths.index);
  await writeTasks(paths.questions, tasks);
  return paths;
}

/** An episode that answers a yes-or-no question at once; the right answer is yes. */
export const episode = (index: number, answer: string): Trajectory => ({
  id: `q${index}#0`,
  task: { id: `q${index}`, question: `Question ${index}?`, goldenAnswers: ['yes'], metadata: { hops: 1 } },
  environment: 'search',
  sample: 0,
  segments: [{ kind: 'policy', text: `<answer>${answer}</answer>`, tokenIds: [1, 2, 3] }],
  actions: [{ turn: 0, kind: 'answer', text: `<answer>${answer}</answer>`, answer, executed: true }],
  outcome: { correct: answer === 'yes', reward: Number(answer === 'yes'), answer, endedBy: 'answer' },
});
