import { open } from 'node:fs/promises';

const damaged = (reason) => new Error(`model.safetensors is damaged: ${reason}`);

/**
 * Reads the float32 tensors of a safetensors file (https://github.com/huggingface/safetensors#format) into memory.
 *
 * @returns a function that gives `{ shape, data }` of a name, or undefined
 */
export async function readSafetensors(path) {
  const file = await open(path, 'r');
  let content;
  try {
    content = await file.readFile();
  } finally {
    await file.close();
  }
  if (content.length < 8) throw damaged('it is cut');
  const start = 8 + Number(content.readBigUInt64LE(0));
  if (start > content.length) throw damaged('its header is cut');
  const header = JSON.parse(content.toString('utf8', 8, start));
  return (name) => {
    const entry = Object.hasOwn(header, name) ? header[name] : undefined;
    if (entry === undefined) return undefined;
    if (entry.dtype !== 'F32') throw damaged(`${name} is ${entry.dtype}, not F32`);
    const [from, to] = entry.data_offsets;
    const size = entry.shape.reduce((product, axis) => product * axis, 1);
    if (to - from !== 4 * size || start + to > content.length) throw damaged(`${name} is cut`);
    // A copy, since the header's length leaves the tensors at any address.
    return {
      shape: entry.shape,
      data: new Float32Array(content.buffer.slice(content.byteOffset + start + from, content.byteOffset + start + to)),
    };
  };
}
