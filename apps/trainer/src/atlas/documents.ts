/** How the demo shows a passage. The text names its country, so the title is left out. */
export const documentTemplate = 'Doc {i}: {text}\n';

/** Passages as the search environment shows them, a line each: `Doc 1: The capital of Peru is Lima.` */
export function renderDocuments(contents: readonly string[]): string {
  return contents
    .map((passage, index) => {
      const text = passage.split('\n').slice(1).join('\n');
      return documentTemplate.replace('{i}', `${index + 1}`).replace('{text}', () => text);
    })
    .join('')
    .trim();
}

/** What comes before the passages of an observation of the demo. */
export const observationPrefix = '<information>';
/** What comes after them. */
export const observationSuffix = '</information>';

/** The observation of a search, as the search environment writes it with the demo's template, prefix and suffix. */
export function renderObservation(contents: readonly string[]): string {
  return `${observationPrefix}${renderDocuments(contents)}${observationSuffix}`;
}
