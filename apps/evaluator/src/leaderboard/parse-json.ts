/** Strings as they are; outside of them, the words that Python writes for floats that JSON does not have. */
const stringsAndFloats = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/gs;

/**
 * Parses JSON as Python's `json` writes it: `NaN`, `Infinity` and `-Infinity` are read as null.
 * @throws SyntaxError for anything else that is no JSON.
 */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const mended = text.replace(stringsAndFloats, (found) => (found.startsWith('"') ? found : 'null'));
    if (mended === text) throw error;
    return JSON.parse(mended);
  }
}
