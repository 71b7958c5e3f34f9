// Runs inside QuickJS, before any code of an episode; `host` exists in this function alone.
(host) => {
  const { stringify, parse } = JSON;
  const { defineProperty } = Object;
  const text = String;

  const show = (value) => {
    if (typeof value === 'string') return value;
    if (typeof value !== 'object' || value === null || value instanceof Error) return text(value);
    const json = stringify(value);
    return typeof json === 'string' ? json : text(value);
  };
  const print = (...values) => {
    let line = '';
    for (let index = 0; index < values.length; index++) line += (index > 0 ? ' ' : '') + show(values[index]);
    host.print(`${line}\n`);
  };
  const final_answer = (answer) => {
    host.answer(show(answer));
    throw new Error('the answer is given');
  };
  const define = (name, value) => defineProperty(globalThis, name, { value, writable: true, configurable: true });

  return {
    show: (value) => (value === undefined ? null : show(value)),
    describe: (error) => {
      if (!(error instanceof Error)) return `thrown: ${show(error)}`;
      const place = /<code>:(\d+)/.exec(text(error.stack));
      return `${text(error.name)}: ${text(error.message)}${place === null ? '' : ` in line ${place[1]}`}`;
    },
    prepare: (tools) => {
      define('final_answer', final_answer);
      define('print', print);
      define('console', { log: print, info: print, warn: print, error: print, debug: print });
      for (const { name, parameters } of parse(tools)) {
        define(name, (...values) => {
          if (values.length > parameters.length) throw new TypeError(`${name} takes ${parameters.length} arguments`);
          const given = {};
          for (let index = 0; index < values.length; index++) {
            defineProperty(given, parameters[index], { value: values[index], enumerable: true });
          }
          const answer = parse(host.call(stringify({ name, arguments: given })));
          if ('error' in answer) throw new Error(answer.error);
          return answer.value;
        });
      }
    },
  };
};
