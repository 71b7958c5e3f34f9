import type { Task, Trajectory } from '@dgpo/trajectory';

/** What episodes can be grouped by. */
export const groupingNames = ['auto', 'hops', 'type', 'environment', 'policy', 'none'] as const;

export type GroupingName = (typeof groupingNames)[number];

/** `1 hop`, `2 hops`, … from `metadata.hops` of a task; null if it does not say. */
export function hopsOf(task: Task): string | null {
  const hops = task.metadata?.hops;
  if (typeof hops !== 'number' && typeof hops !== 'string') return null;
  return String(hops) === '1' ? '1 hop' : `${hops} hops`;
}

/** `metadata.type` of a task, such as `bridge` or `comparison`; null if it does not say. */
export function typeOf(task: Task): string | null {
  const type = task.metadata?.type;
  return typeof type === 'string' ? type : null;
}

/** A key function by name. `auto` takes the number of hops where the task says it, else its type. */
export function groupBy(name: GroupingName): (trajectory: Trajectory) => string | null {
  switch (name) {
    case 'auto':
      return ({ task }) => hopsOf(task) ?? typeOf(task);
    case 'hops':
      return ({ task }) => hopsOf(task);
    case 'type':
      return ({ task }) => typeOf(task);
    case 'environment':
      return ({ environment }) => environment;
    case 'policy':
      return ({ policy }) => policy ?? null;
    case 'none':
      return () => null;
  }
}
