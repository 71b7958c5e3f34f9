/** The code of the first fenced `ts` (or `typescript`) block of a Markdown text, or undefined when it has none. */
export function firstExample(markdown) {
  return /^```(?:ts|typescript)[^\n]*\n([\s\S]*?)^```/m.exec(markdown)?.[1];
}
