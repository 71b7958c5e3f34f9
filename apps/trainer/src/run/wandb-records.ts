import { bytesField, integerField, readFields, textField } from './protobuf.js';

/**
 * The messages of a `.wandb` file (`wandb_internal.proto` of W&B's Python package, of which the fields used here are named). Metrics
 * stand under `nested_key`, in which a slash or a dot has no meaning.
 */

/** What a W&B run is called. */
export interface WandbRunFacts {
  /** Letters, digits, `-` and `_`. */
  id: string;
  project: string;
  /** User or team. @default that of the API key */
  entity?: string;
  /** Runs that are shown together, such as the stages of one training. */
  group: string;
  jobType: string;
  displayName: string;
  config: Readonly<Record<string, unknown>>;
}

/** One step: metrics by name, with `_step`, `_timestamp` (seconds since 1970) and `_runtime` (seconds) among them. */
export type WandbHistory = Readonly<Record<string, number>>;

/** `Record { num = 1; <content>; _info = 200 { stream_id = 1 } }`. */
const record = (num: number, content: readonly number[], id: string) =>
  Uint8Array.from([...integerField(1, num), ...content, ...bytesField(200, textField(1, id))]);

/** Python's JSON, which W&B reads, has names for what is not finite. */
const numberJson = (value: number) => (Number.isFinite(value) ? JSON.stringify(value) : String(value));

/** The line of a step in W&B's `wandb-history.jsonl`. */
export const wandbHistoryLine = (history: WandbHistory) =>
  `{${Object.entries(history)
    .map(([name, value]) => `${JSON.stringify(name)}:${numberJson(value)}`)
    .join(',')}}`;

/** A number is left out where it is 0, as Protocol Buffers do. */
const numberField = (field: number, value: number) => (value === 0 ? [] : integerField(field, value));

/** `Record { header = 21 { version_info = 1 { producer = 1; min_consumer = 2 } } }`. */
export function wandbHeaderRecord(num: number, id: string): Uint8Array {
  const version = [...textField(1, 'dgpo'), ...textField(2, '0.70.0')];
  return record(num, bytesField(21, bytesField(1, version)), id);
}

/**
 * `Record { run = 17 { run_id = 1; entity = 2; project = 3; config = 4 { update = 1 { key = 1; value_json = 16 } }; run_group = 6;
 * job_type = 7; display_name = 8; start_time = 17 { seconds = 1; nanos = 2 } } }`.
 */
export function wandbRunRecord(num: number, facts: WandbRunFacts, startTime: number): Uint8Array {
  const update = Object.entries(facts.config).flatMap(([name, value]) => {
    const json = JSON.stringify(value) as string | undefined;
    return json === undefined ? [] : bytesField(1, [...textField(1, name), ...textField(16, json)]);
  });
  const seconds = Math.floor(startTime);
  const time = [...numberField(1, seconds), ...numberField(2, Math.floor((startTime - seconds) * 1e9))];
  const run = [
    ...textField(1, facts.id),
    ...(facts.entity === undefined ? [] : textField(2, facts.entity)),
    ...textField(3, facts.project),
    ...bytesField(4, update),
    ...textField(6, facts.group),
    ...textField(7, facts.jobType),
    ...textField(8, facts.displayName),
    ...bytesField(17, time),
  ];
  return record(num, bytesField(17, run), facts.id);
}

const items = (history: WandbHistory) =>
  Object.entries(history).flatMap(([name, value]) =>
    bytesField(1, [...textField(2, name), ...textField(16, numberJson(value))]),
  );

/** `Record { history = 2 { item = 1 { nested_key = 2; value_json = 16 }; step = 2 { num = 1 } } }`. */
export function wandbHistoryRecord(num: number, id: string, history: WandbHistory, step: number): Uint8Array {
  return record(num, bytesField(2, [...items(history), ...bytesField(2, numberField(1, step))]), id);
}

/** `Record { summary = 3 { update = 1 { nested_key = 2; value_json = 16 } } }`: the newest values. */
export function wandbSummaryRecord(num: number, id: string, history: WandbHistory): Uint8Array {
  return record(num, bytesField(3, items(history)), id);
}

/** `Record { exit = 18 { runtime = 2 } }`: a run that ended well (`exit_code` 0), after whole seconds. */
export function wandbExitRecord(num: number, id: string, runtime: number): Uint8Array {
  return record(num, bytesField(18, numberField(2, Math.floor(runtime))), id);
}

/** What a record says of a step: `{ step, history }`; `exit` for the last record of a finished run; undefined for all others. */
export function readWandbRecord(data: Uint8Array): { step: number; history: WandbHistory } | 'exit' | undefined {
  const fields = readFields(data) ?? [];
  if (fields.some(({ field }) => field === 18)) return 'exit';
  const message = fields.find(({ field }) => field === 2)?.value;
  if (!(message instanceof Uint8Array)) return undefined;
  const text = (value: number | Uint8Array | undefined) =>
    value instanceof Uint8Array ? new TextDecoder().decode(value) : '';
  const history: Record<string, number> = {};
  let step = 0;
  for (const { field, value } of readFields(message) ?? []) {
    if (!(value instanceof Uint8Array)) continue;
    const inner = new Map(readFields(value)?.map((entry) => [entry.field, entry.value]));
    const number = inner.get(1);
    if (field === 2 && typeof number === 'number') step = number;
    if (field === 1) history[text(inner.get(2))] = Number(text(inner.get(16)));
  }
  return { step, history };
}
