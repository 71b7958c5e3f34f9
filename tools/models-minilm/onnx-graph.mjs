import { bytes, float, integer } from './protobuf.mjs';

/** Numbers of the types in onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). */
const types = { float: 1, int64: 7 };

const attributeOf = {
  float: (value) => [float(2, value), integer(20, 1)],
  integer: (value) => [integer(3, value), integer(20, 2)],
  integers: (value) => [value.map((entry) => integer(8, entry)), integer(20, 7)],
};

const tensor = (name, type, shape, data) => [
  shape.map((size) => integer(1, size)),
  integer(2, types[type]),
  bytes(8, name),
  bytes(9, [Buffer.from(data.buffer, data.byteOffset, data.byteLength)]),
];

/** An axis with a name has any size. */
const value = (name, type, axes) => {
  const shape = axes.map((axis) => bytes(1, typeof axis === 'string' ? bytes(2, axis) : integer(1, axis)));
  return [bytes(1, name), bytes(2, bytes(1, [integer(1, types[type]), bytes(2, shape)]))];
};

/** Collects the nodes of an ONNX graph (operator set 17) and gives the file's bytes as chunks. */
export function createGraph() {
  const nodes = [];
  const initializers = [];
  let names = 0;
  const fresh = (hint) => `${hint}_${names++}`;
  const constant = (hint, type, shape, data) => {
    const name = fresh(hint);
    initializers.push(tensor(name, type, shape, data));
    return name;
  };
  return {
    /** A tensor of float32, as its name. */
    floats: (hint, shape, data) => constant(hint, 'float', shape, Float32Array.from(data)),
    /** A vector of int64, as its name. */
    integers: (hint, data) => constant(hint, 'int64', [data.length], BigInt64Array.from(data, BigInt)),
    /** A scalar of int64, as its name. */
    index: (hint, data) => constant(hint, 'int64', [], BigInt64Array.of(BigInt(data))),
    /** Applies an operator and returns the name of what it gives. `attributes`: `{ axis: { integer: 1 } }`. */
    apply(operator, inputs, attributes = {}, output = fresh(operator)) {
      const written = Object.entries(attributes).map(([name, typed]) => {
        const [[kind, given]] = Object.entries(typed);
        return bytes(5, [bytes(1, name), ...attributeOf[kind](given)]);
      });
      nodes.push([inputs.map((name) => bytes(1, name)), bytes(2, output), bytes(4, operator), written]);
      return output;
    },
    /** The file; inputs and outputs are `{ name, type, axes }`. */
    file({ name, inputs, outputs }) {
      const graph = [
        nodes.map((node) => bytes(1, node)),
        bytes(2, name),
        initializers.map((initializer) => bytes(5, initializer)),
        inputs.map((input) => bytes(11, value(input.name, input.type, input.axes))),
        outputs.map((output) => bytes(12, value(output.name, output.type, output.axes))),
      ];
      // Version 8 of the format is the one of operator set 17.
      return [integer(1, 8), bytes(2, 'dgpo'), bytes(7, graph), bytes(8, [bytes(1, ''), integer(2, 17)])].flat(
        Number.POSITIVE_INFINITY,
      );
    },
  };
}
