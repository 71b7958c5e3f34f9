import { join } from 'node:path';
import { ModelError } from '@dgpo/trajectory';
import type { Decoder } from '../model/decoder.js';
import type { DecoderConfig } from '../model/decoder-config.js';
import { assignFlat } from '../model/flat-parameters.js';
import { readSafetensors } from '../weights/read-safetensors.js';
import { writeFileBeside } from '../weights/write-file-beside.js';
import { writeSafetensors } from '../weights/write-safetensors.js';
import { adapterConfigName, readAdapterConfig } from './adapter-base.js';
import { toAdapterConfigJson } from './adapter-config.js';
import { addLora } from './add-lora.js';
import { type LoraOptions, loraShapes } from './lora-layout.js';

/** Adapters at rest. */
export interface AdapterWeights {
  lora: LoraOptions;
  /** All matrices as one vector, in the order of `loraShapes`. */
  parameters: Float32Array;
  /** Folder or name of the model that they belong to. */
  baseModel?: string | undefined;
}

const weightsName = 'adapter_model.safetensors';
/** PEFT wraps the model twice. */
const prefix = 'base_model.model.';

/**
 * Writes adapters as a folder that `peft` loads: `adapter_config.json` and `adapter_model.safetensors`.
 *
 * @throws ModelError for a vector of another size (the value head of a critic does not belong to it) or a file that cannot be written
 */
export async function saveAdapter(
  options: AdapterWeights & {
    directory: string;
    /** Of the model that they belong to. */
    config: DecoderConfig;
    /** @default 'F32' */
    dtype?: 'F32' | 'F16' | 'BF16';
  },
): Promise<void> {
  const { directory, config, lora, parameters, baseModel, dtype = 'F32' } = options;
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  let offset = 0;
  for (const [name, shape] of loraShapes(config, lora)) {
    const end = offset + shape[0] * shape[1];
    tensors.set(`${prefix}${name}`, { shape, data: parameters.subarray(offset, end) });
    offset = end;
  }
  if (offset !== parameters.length) {
    throw new ModelError(`the adapters have ${offset} values, the vector ${parameters.length}`, { where: directory });
  }
  const json = `${JSON.stringify(toAdapterConfigJson({ config, lora, baseModel }), null, 2)}\n`;
  await writeFileBeside(join(directory, adapterConfigName), (file) => file.writeFile(json));
  await writeSafetensors({ path: join(directory, weightsName), tensors, dtype, metadata: { format: 'pt' } });
}

/**
 * Reads a folder written by {@link saveAdapter} or by PEFT, for a model of the given kind and sizes.
 *
 * @throws ModelError with the file and what is wrong: a field that would change the mathematics, a target that the model lacks, a matrix
 *   missing, left over or of another shape
 */
export async function readAdapter(options: { directory: string; config: DecoderConfig }): Promise<AdapterWeights> {
  const { directory, config } = options;
  const configPath = join(directory, adapterConfigName);
  const { lora, baseModel } = await readAdapterConfig(directory);
  let shapes: Map<string, [number, number]>;
  try {
    shapes = loraShapes(config, lora);
  } catch (cause) {
    throw new ModelError(cause instanceof Error ? cause.message : String(cause), { where: configPath, cause });
  }
  const where = join(directory, weightsName);
  const tensors = await readSafetensors({ path: where });
  const parameters = new Float32Array([...shapes.values()].reduce((total, [rows, width]) => total + rows * width, 0));
  let offset = 0;
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(`${prefix}${name}`);
    if (tensor === undefined) throw new ModelError(`the tensor "${prefix}${name}" is missing`, { where });
    if (tensor.shape.join() !== shape.join()) {
      throw new ModelError(
        `"${prefix}${name}" has shape [${tensor.shape.join(', ')}], the model and ${adapterConfigName} ask for [${shape.join(', ')}]`,
        { where },
      );
    }
    tensors.delete(`${prefix}${name}`);
    parameters.set(tensor.data, offset);
    offset += tensor.data.length;
  }
  const [left] = tensors.keys();
  if (left !== undefined)
    throw new ModelError(`the tensor "${left}" belongs to no target of ${adapterConfigName}`, { where });
  return { lora, parameters, baseModel };
}

/**
 * Gives a decoder the adapters of a folder, see {@link readAdapter}.
 *
 * @throws ModelError as `readAdapter` and `addLora`; the decoder is then as it was
 */
export async function loadAdapter(options: { directory: string; decoder: Decoder }): Promise<void> {
  const { directory, decoder } = options;
  const { lora, parameters } = await readAdapter({ directory, config: decoder.config });
  addLora(decoder, lora);
  assignFlat(decoder.lora?.parameters ?? new Map(), parameters);
}
