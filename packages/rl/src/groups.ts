import { requireLength } from './grid.js';

/** Rows of every group, in the order in which groups first appear. */
export function rowsByGroup(groups: readonly string[], batch: number): Map<string, number[]> {
  requireLength('groups', groups.length, batch);
  const rows = new Map<string, number[]>();
  groups.forEach((group, row) => {
    const own = rows.get(group);
    if (own === undefined) rows.set(group, [row]);
    else own.push(row);
  });
  return rows;
}
