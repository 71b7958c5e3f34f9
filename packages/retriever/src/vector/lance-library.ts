import { createRequire } from 'node:module';
import { ConfigError } from '@dgpo/trajectory';

/** The part of `@lancedb/lancedb` that is used here. */
export interface LanceDb {
  connect(uri: string, options?: { storageOptions?: Record<string, string> }): Promise<LanceConnection>;
  Index: {
    ivfPq(options: LanceIndexOptions): object;
    hnswSq(options: LanceIndexOptions): object;
  };
}
type LanceIndexOptions = Record<string, number | string>;
export interface LanceConnection {
  tableNames(): Promise<string[]>;
  createEmptyTable(name: string, schema: unknown): Promise<LanceTable>;
  openTable(name: string): Promise<LanceTable>;
  close(): void;
}
export interface LanceTable {
  add(data: unknown): Promise<unknown>;
  delete(predicate: string): Promise<unknown>;
  countRows(filter?: string): Promise<number>;
  createIndex(column: string, options?: { config?: object; replace?: boolean }): Promise<void>;
  listIndices(): Promise<{ columns: string[]; indexType: string }[]>;
  optimize(options?: { cleanupOlderThan?: Date }): Promise<unknown>;
  schema(): Promise<ArrowSchema>;
  query(): LanceQuery;
  vectorSearch(vector: Float32Array): LanceVectorQuery;
  close(): void;
}
interface LanceQuery {
  where(predicate: string): LanceQuery;
  select(columns: string[]): LanceQuery;
  toArrow(): Promise<ArrowTable>;
}
interface LanceVectorQuery {
  column(column: string): LanceVectorQuery;
  distanceType(type: LanceMetric): LanceVectorQuery;
  limit(limit: number): LanceVectorQuery;
  select(columns: string[]): LanceVectorQuery;
  nprobes(nprobes: number): LanceVectorQuery;
  ef(ef: number): LanceVectorQuery;
  refineFactor(refineFactor: number): LanceVectorQuery;
  toArrow(): Promise<ArrowTable>;
}
export type LanceMetric = 'dot' | 'l2';

/** The part of `apache-arrow` that is used here. */
interface Arrow {
  Field: new (name: string, type: unknown, nullable: boolean) => ArrowField;
  FixedSizeList: new (size: number, child: ArrowField) => unknown;
  Float32: new () => unknown;
  Uint32: new () => unknown;
  Struct: new (fields: ArrowField[]) => unknown;
  Schema: new (fields: ArrowField[]) => ArrowSchema;
  RecordBatch: new (schema: ArrowSchema, data: unknown) => unknown;
  Table: new (schema: ArrowSchema, batches: unknown[]) => unknown;
  makeData(properties: Record<string, unknown>): unknown;
}
interface ArrowField {
  name: string;
  type: unknown;
}
export interface ArrowSchema {
  fields: ArrowField[];
}
interface ArrowTable {
  numRows: number;
  getChild(name: string): { get(row: number): unknown } | null;
}

export interface LanceLibrary {
  lance: LanceDb;
  arrow: Arrow;
}

/** @throws ConfigError that says what to install. */
export function requireLance(
  load: (name: string) => NodeJS.Require = (name) => createRequire(createRequire(import.meta.url).resolve(name)),
): LanceLibrary {
  const name = '@lancedb/lancedb';
  try {
    // Required from where LanceDB lies: it takes tables of its own copy of apache-arrow alone, in its CommonJS form.
    const require = load(name);
    return { lance: require(name) as LanceDb, arrow: require('apache-arrow') as Arrow };
  } catch (cause) {
    throw new ConfigError(
      'an index in LanceDB needs optional packages: npm install @lancedb/lancedb apache-arrow@18.1.0',
      { where: name, cause },
    );
  }
}

export const lanceColumns = { index: 'index', vector: 'vector' } as const;

/** Rows of an index and its vector. */
export function lanceSchema({ arrow }: LanceLibrary, dimension: number): ArrowSchema {
  const item = new arrow.Field('item', new arrow.Float32(), true);
  return new arrow.Schema([
    new arrow.Field(lanceColumns.index, new arrow.Uint32(), false),
    new arrow.Field(lanceColumns.vector, new arrow.FixedSizeList(dimension, item), false),
  ]);
}

/** An Arrow table of vectors numbered from `first` on. */
export function lanceRows(
  { arrow }: LanceLibrary,
  schema: ArrowSchema,
  { vectors, first }: { vectors: readonly Float32Array[]; first: number },
): unknown {
  const length = vectors.length;
  const dimension = vectors[0]?.length ?? 0;
  const block = new Float32Array(length * dimension);
  for (const [row, vector] of vectors.entries()) block.set(vector, row * dimension);
  const indices = Uint32Array.from(vectors, (_, row) => first + row);
  const column = (properties: Record<string, unknown>) => arrow.makeData({ length, nullCount: 0, ...properties });
  const children = [
    column({ type: new arrow.Uint32(), data: indices }),
    column({
      type: schema.fields[1]?.type,
      child: arrow.makeData({ type: new arrow.Float32(), length: block.length, nullCount: 0, data: block }),
    }),
  ];
  const data = column({ type: new arrow.Struct(schema.fields), children });
  return new arrow.Table(schema, [new arrow.RecordBatch(schema, data)]);
}
