/**
 * The first key that one object of a JSON text holds twice, which `JSON.parse` would pass over in silence.
 * @param json a text that `JSON.parse` accepts.
 */
export function findDuplicateKey(json: string): string | undefined {
  // The keys of each open object; `undefined` for an open array.
  const open: (Set<string> | undefined)[] = [];
  // Strings are skipped by hand: a regular expression would run out of stack on one of many megabytes.
  const endOfString = (start: number): number => {
    for (let at = start + 1; ; at++) {
      const code = json.charCodeAt(at);
      if (code === 0x5c) at++;
      else if (code === 0x22 || Number.isNaN(code)) return at + 1;
    }
  };
  const token = /["{}[\]]/g;
  const colon = /\s*:/y;
  for (let match = token.exec(json); match !== null; match = token.exec(json)) {
    if (match[0] === '{') open.push(new Set());
    else if (match[0] === '[') open.push(undefined);
    else if (match[0] !== '"') open.pop();
    else {
      const end = endOfString(match.index);
      token.lastIndex = end;
      colon.lastIndex = end;
      if (!colon.test(json)) continue;
      const key: string = JSON.parse(json.slice(match.index, end));
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}
