import { createRandom } from '@dgpo/trajectory';

/** Updates of so many passes over the episodes; the last update of a pass may have fewer. */
export function stepsOf(options: { episodes: number; numTrainEpochs: number; batchSize: number }): number {
  return options.numTrainEpochs * Math.ceil(options.episodes / options.batchSize);
}

/** The rows of update `step` (from 1): each pass over the rows has an order of its own, and none crosses into the next. */
export function rowsOfStep<T>(options: { rows: readonly T[]; batchSize: number; step: number; seed: number }): T[] {
  const { rows, batchSize, step, seed } = options;
  const perEpoch = Math.ceil(rows.length / batchSize);
  const order = createRandom(seed)
    .split('cold-start')
    .split('epoch', Math.floor((step - 1) / perEpoch))
    .shuffle(rows);
  const start = ((step - 1) % perEpoch) * batchSize;
  return order.slice(start, start + batchSize);
}

/** The items of update `step` (from 1) where every update has equally many: pass after pass, each in an order of its own. */
export function itemsOfStep<T>(options: { items: readonly T[]; perStep: number; step: number; seed: number }): T[] {
  const { items, perStep, step, seed } = options;
  const random = createRandom(seed).split('student-tasks');
  const orders = new Map<number, T[]>();
  return Array.from({ length: perStep }, (_, index) => {
    const place = (step - 1) * perStep + index;
    const pass = Math.floor(place / items.length);
    const order = orders.get(pass) ?? random.split(pass).shuffle(items);
    orders.set(pass, order);
    return order[place % items.length] as T;
  });
}
