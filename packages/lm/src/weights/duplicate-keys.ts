/**
 * The first key that one object of a JSON text holds twice, which `JSON.parse` would pass over in silence.
 * @param json a text that `JSON.parse` accepts.
 */
export function findDuplicateKey(json: string): string | undefined {
  // The keys of each open object; `undefined` for an open array.
  const open: (Set<string> | undefined)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (let match = token.exec(json); match !== null; match = token.exec(json)) {
    const [text, colon] = match;
    if (text === '{') open.push(new Set());
    else if (text === '[') open.push(undefined);
    else if (text === '}' || text === ']') open.pop();
    else if (colon !== undefined) {
      const key: string = JSON.parse(text.slice(0, -colon.length));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
