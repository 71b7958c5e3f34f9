import { ModelError } from '@dgpo/trajectory';
import type { OnValues, StoredTensor } from '../weights/stored-tensor.js';
import type { CheckpointTensor } from './checkpoint-layout.js';
import { valueHeadName } from './parameter-shapes.js';
import { placeValues } from './place-values.js';

export interface ParameterCollectorOptions {
  layout: readonly CheckpointTensor[];
  /** All values of a parameter; asked for anew for each piece, since engines may move their memory. */
  parameter: (name: string) => Float32Array;
  /** The name in the layout of one in the file. @default the same */
  fullName?: (name: string) => string;
  /** Tensors that the model does not need. @default none */
  isSuperfluous?: (name: string) => boolean;
  /** What says which shapes there have to be, for errors. */
  authority: string;
}

/** Puts the tensors of a checkpoint, in any order, where they belong in the parameters. */
export interface ParameterCollector {
  /**
   * Announces a tensor.
   *
   * @returns what receives its values, `undefined` for a tensor that is not needed
   * @throws ModelError for a wrong shape, a tensor that came before, or one that the model would leave out
   */
  begin(tensor: Pick<StoredTensor, 'name' | 'shape' | 'where'>): OnValues | undefined;
  /** Reads a tensor whole, or not at all where it is not needed; throws as `begin` does. */
  collect(tensor: StoredTensor): Promise<void>;
  /**
   * A value head may be missing: its parameter keeps the values that it has.
   *
   * @throws ModelError when a tensor is missing
   */
  finish(where: string): void;
}

export function createParameterCollector(options: ParameterCollectorOptions): ParameterCollector {
  const { layout, parameter, fullName = (name) => name, isSuperfluous = () => false, authority } = options;
  const awaited = new Map(layout.map((tensor) => [tensor.name, tensor]));
  const known = new Set(awaited.keys());
  const begin: ParameterCollector['begin'] = ({ name: storedName, shape, where }) => {
    const name = fullName(storedName);
    const tensor = awaited.get(name);
    if (tensor === undefined) {
      if (known.has(name)) throw new ModelError(`the tensor "${name}" is there twice`, { where });
      if (isSuperfluous(name)) return undefined;
      // It would be lost in silence.
      throw new ModelError(
        `the tensor "${name}" does not belong to this architecture; is this the right model_type, or a model with additions?`,
        { where },
      );
    }
    if (shape.join() !== tensor.shape.join()) {
      throw new ModelError(
        `"${name}" has shape [${shape.join(', ')}], ${authority} asks for [${tensor.shape.join(', ')}]; are both of the same model?`,
        { where },
      );
    }
    awaited.delete(name);
    return (values, start) => placeValues({ target: parameter(tensor.parameter), tensor, values, start });
  };
  return {
    begin,
    collect: async (tensor) => {
      const onValues = begin(tensor);
      if (onValues !== undefined) await tensor.read(onValues);
    },
    finish: (where) => {
      const missing = [...awaited.values()].find(({ parameter: name }) => name !== valueHeadName);
      if (missing !== undefined) {
        throw new ModelError(`the tensor "${missing.name}" is missing; is the file complete?`, { where });
      }
    },
  };
}
