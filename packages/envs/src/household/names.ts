/** The word before `_bar_` in the ids of ALFWorld's problems, by which a room is listed: basins are parts of their sink or tub. */
function idWord(className: string): string {
  return className.replace(/Basin$/, '');
}

/** The id of ALFWorld's form that sorts as the name is listed: `Cabinet_bar_0001`, `Sink_bar_0001_bar_SinkBasin`. */
export function problemId(className: string, rank: number): string {
  const word = idWord(className);
  return `${word}_bar_${String(rank).padStart(4, '0')}${word === className ? '' : `_bar_${className}`}`;
}

/**
 * Names for things of some classes, in the order in which the game lists them: by class, the highest number first.
 * Source: `Demangler` of alfworld/agents/utils/misc.py.
 */
export function listed(classNames: readonly string[]): { className: string; name: string; type: string }[] {
  const counts = new Map<string, number>();
  for (const className of classNames) counts.set(className, (counts.get(className) ?? 0) + 1);
  const key = (className: string) => `${idWord(className).toLowerCase()}_`;
  const ordered = [...counts].sort(([left], [right]) => (key(left) < key(right) ? -1 : 1));
  return ordered.flatMap(([className, count]) => {
    const type = className.toLowerCase();
    return Array.from({ length: count }, (_, rank) => ({ className, name: `${type} ${count - rank}`, type }));
  });
}
