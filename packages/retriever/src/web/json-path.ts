import { ConfigError } from '@dgpo/trajectory';

const segmentPattern = /(?:^|\.)([^.[\]]+)|\[(\d+)\]/y;

/**
 * Compiles a path into a JSON value: names joined by dots, positions in brackets, `$` for the value itself: `web.results`,
 * `pages[0].text`, `$`. Reading what is not there gives undefined.
 * @throws ConfigError for a path of another form.
 */
export function jsonPath(path: string, where: string): (value: unknown) => unknown {
  const rest = path.replace(/^\$\.?/, '');
  const steps: (string | number)[] = [];
  segmentPattern.lastIndex = 0;
  while (segmentPattern.lastIndex < rest.length) {
    const match = segmentPattern.exec(rest);
    if (match === null) {
      throw new ConfigError(`${JSON.stringify(path)} is not a path such as web.results or pages[0].text`, { where });
    }
    steps.push(match[1] ?? Number(match[2]));
  }
  return (value) => {
    let current = value;
    for (const step of steps) {
      if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
      current = (current as Record<string | number, unknown>)[step];
    }
    return current;
  };
}
