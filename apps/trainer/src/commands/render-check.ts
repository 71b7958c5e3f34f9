import { formatTable } from '@dgpo/arc';
import { heapSlack } from '../estimate/memory.js';
import { formatDuration } from '../run/console-tracker.js';
import type { RunCheck } from './check-run.js';

const mebibytes = (bytes: number) =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

function amount(count: number): string {
  if (count < 1000) return String(count);
  return count < 1e6
    ? `${(count / 1e3).toFixed(count < 1e5 ? 1 : 0)} k`
    : `${(count / 1e6).toFixed(count < 1e8 ? 2 : 0)} M`;
}

function modelLine({ name, parameters, config }: RunCheck['estimate']['models'][number]): string {
  const { numHiddenLayers, hiddenSize, numAttentionHeads, vocabularySize } = config;
  const sizes = `${numHiddenLayers} layers, width ${hiddenSize}, ${numAttentionHeads} heads, vocabulary ${vocabularySize}`;
  return `${name.padEnd(9)} ${amount(parameters)} parameters (${sizes})`;
}

/** What `dgpo validate` prints for people. */
export function renderCheck({ data, estimate, warnings }: RunCheck): string {
  const { memory, stages, models } = estimate;
  const { weights, gradients, activations, keyValueCache, samplingActivations, heap } = memory.worker;
  const workers = `${memory.workers} ${memory.workers === 1 ? 'worker' : 'workers'}`;
  const training = `training (gradients ${mebibytes(gradients)}, activations ${mebibytes(activations)})`;
  const sampling = `sampling (key-value cache ${mebibytes(keyValueCache)}, activations ${mebibytes(samplingActivations)})`;
  const questions = data?.evalQuestions.map((set) => `, ${set.questions} in ${set.name}`).join('') ?? '';
  const time = (seconds: number | undefined) => (seconds === undefined ? '' : formatDuration(seconds));
  const table = formatTable({
    columns: [
      { header: 'stage', align: 'left' },
      { header: 'trained', align: 'right' },
      { header: 'scored', align: 'right' },
      { header: 'sampled', align: 'right' },
      { header: 'time', align: 'right' },
    ],
    rows: [
      ...stages.map((stage) => [
        stage.name,
        amount(stage.trained),
        amount(stage.scored),
        amount(stage.sampled),
        time(stage.seconds),
      ]),
      ['all', '', '', '', time(estimate.seconds)],
    ],
  });
  return [
    ...(data === undefined
      ? []
      : [
          `data      ${data.passages} passages${data.complete ? '' : ' and more'}, ${data.trainQuestions} training questions${questions}`,
        ]),
    ...models.map(modelLine),
    `memory    ${mebibytes(heap)} in each worker, ${mebibytes(memory.total)} with ${workers} and the main thread, engine ${estimate.engine}`,
    `          each weights ${mebibytes(weights)}, and ${heapSlack} x the larger of ${training} and ${sampling}`,
    '',
    'tokens and time, roughly',
    table.trimEnd(),
    '',
    ...estimate.assumptions.map((assumption) => `assumed   ${assumption}`),
    ...warnings.map((warning) => `warning   ${warning}`),
    '',
  ].join('\n');
}
