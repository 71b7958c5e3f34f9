import { passageTitle, titleKey } from '../metrics/passage-title.js';

/** Passages under their titles (see {@link passagesByTitle}). */
export type PassagesByTitle = ReadonlyMap<string, readonly string[]>;

/** Indexes a corpus by title, once, for {@link goldPassages}; titles are compared without regard to case and spacing. */
export function passagesByTitle(corpus: Iterable<{ contents: string }>): PassagesByTitle {
  const result = new Map<string, string[]>();
  for (const { contents } of corpus) {
    const key = titleKey(passageTitle(contents));
    const passages = result.get(key);
    if (passages === undefined) result.set(key, [contents]);
    else passages.push(contents);
  }
  return result;
}
