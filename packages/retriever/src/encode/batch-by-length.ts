/**
 * The positions of the texts in batches of texts of like length, so that little is computed for padding. Equal lengths keep their
 * order: same texts, same batches.
 */
export function batchByLength(texts: readonly string[], batchSize: number): number[][] {
  const order = texts.map((_, position) => position);
  order.sort((left, right) => (texts[left]?.length ?? 0) - (texts[right]?.length ?? 0) || left - right);
  return Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) =>
    order.slice(batch * batchSize, (batch + 1) * batchSize),
  );
}
