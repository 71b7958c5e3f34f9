/** Bytes of the header of a graph file. */
export const headerBytes = 96;

/** The largest M of hnswlib. */
export const largestM = 10_000;

/** What the header of a graph file says. The file is that of hnswlib 0.8 (`saveIndex`), little-endian. */
export interface GraphShape {
  /** Number of nodes. */
  length: number;
  dimension: number;
  /** Links of a node in each upper level; twice as many in level 0. */
  m: number;
  efConstruction: number;
  /** 1 / ln(m): the scale of the random levels. */
  levelScale: number;
  /** The highest level; -1 without nodes. */
  maxLevel: number;
  /** The node that a search begins at. */
  entry: number;
}

/** Bytes of a node in level 0: a word with the number of links and the deletion, links, vector, label. */
export const nodeBytes = ({ m, dimension }: Pick<GraphShape, 'm' | 'dimension'>) => 4 + 8 * m + 4 * dimension + 8;
/** Bytes of one upper list: the number of links, then links. */
export const listBytes = ({ m }: Pick<GraphShape, 'm'>) => 4 + 4 * m;

const noEntry = 0xffffffff;

export function writeHeader(shape: GraphShape): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  const view = new DataView(bytes.buffer);
  const { length, dimension, m } = shape;
  const offsetVector = 4 + 8 * m;
  for (const [position, value] of [
    0,
    length,
    length,
    nodeBytes(shape),
    offsetVector + 4 * dimension,
    offsetVector,
  ].entries()) {
    view.setBigUint64(8 * position, BigInt(value), true);
  }
  view.setInt32(48, shape.maxLevel, true);
  view.setUint32(52, length === 0 ? noEntry : shape.entry, true);
  for (const [position, value] of [m, 2 * m, m].entries()) view.setBigUint64(56 + 8 * position, BigInt(value), true);
  view.setFloat64(80, shape.levelScale, true);
  view.setBigUint64(88, BigInt(shape.efConstruction), true);
  return bytes;
}

/**
 * Reads the header of a graph file of `fileBytes` bytes and checks that everything it says fits this dimension and the file.
 * @throws RangeError where it does not.
 */
export function readHeader(bytes: Uint8Array, dimension: number, fileBytes: number): GraphShape {
  if (bytes.length < headerBytes) throw new RangeError('the graph file is shorter than its header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const whole = (offset: number) => Number(view.getBigUint64(offset, true));
  const shape: GraphShape = {
    length: whole(16),
    dimension,
    m: whole(56),
    efConstruction: whole(88),
    levelScale: view.getFloat64(80, true),
    maxLevel: view.getInt32(48, true),
    entry: view.getUint32(52, true),
  };
  const { length, m, maxLevel, entry } = shape;
  const require = (holds: boolean, what: string) => {
    if (!holds) throw new RangeError(`the graph file is damaged or of another index: ${what}`);
  };
  require(m >= 2 && m <= largestM, `m is ${m}`);
  require(length < 2 ** 31, `it says ${length} vectors`);
  require(Number.isFinite(shape.levelScale) && shape.levelScale > 0, 'the scale of levels');
  require(shape.efConstruction >= 1 && shape.efConstruction < 2 ** 31, 'efConstruction');
  // Every other field follows from these: whatever the file says must be just that.
  const expected = writeHeader(shape);
  require(expected.every(
    (byte, position) => byte === bytes[position],
  ), `its sizes are not those of ${length} vectors of ${dimension}`);
  const least = headerBytes + length * (nodeBytes(shape) + 4);
  require(fileBytes >= least, `${fileBytes} bytes are too few for ${length} vectors`);
  require((fileBytes - least) % listBytes(shape) === 0, `it has ${fileBytes} bytes`);
  require(length === 0
    ? maxLevel === -1 && fileBytes === least
    : maxLevel >= 0 && maxLevel < 1024, `level ${maxLevel}`);
  require(length === 0 || entry < length, `the search begins at ${entry} of ${length}`);
  return shape;
}
