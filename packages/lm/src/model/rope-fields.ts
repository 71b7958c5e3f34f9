import { ModelError } from '@dgpo/trajectory';
import type { RopeScaling } from '../ops/rotary-table.js';

type Json = Record<string, unknown>;

/** Fields of the scalings, theirs by ours. */
const scalingFields = {
  linear: { factor: 'factor' },
  llama3: {
    factor: 'factor',
    lowFreqFactor: 'low_freq_factor',
    highFreqFactor: 'high_freq_factor',
    originalMaxPositionEmbeddings: 'original_max_position_embeddings',
  },
} as const;

/** `rope_scaling` of Hugging Face, `null` for frequencies as they are. */
export function toRopeScalingJson(scaling: RopeScaling | null): Json | null {
  if (scaling === null) return null;
  const names: Record<string, string> = scalingFields[scaling.type];
  const { type, ...numbers } = scaling;
  return {
    rope_type: type,
    ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [names[key] as string, value])),
  };
}

function scalingOf(parameters: Json, field: string, where: string): RopeScaling | null {
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  const refuse = (key: string) => {
    const value = JSON.stringify(parameters[key]);
    throw new ModelError(`${field}.${key} is ${value}, which is not supported with the type "${String(type)}"`, {
      where,
    });
  };
  if (type !== 'default' && type !== 'linear' && type !== 'llama3') {
    throw new ModelError(
      `${field}.rope_type is ${JSON.stringify(type)}; only default, linear and llama3 are supported`,
      {
        where,
      },
    );
  }
  const names: Record<string, string> = type === 'default' ? {} : scalingFields[type];
  const known = ['rope_type', 'type', 'rope_theta', ...Object.values(names)];
  for (const [key, value] of Object.entries(parameters)) {
    if (known.includes(key) || value === null) continue;
    if (key !== 'partial_rotary_factor' || value !== 1) refuse(key);
  }
  if (type === 'default') return null;
  const numbers = Object.entries(names).map(([key, name]) => {
    const value = parameters[name];
    if (typeof value !== 'number') throw new ModelError(`${field}.${name} is missing or not a number`, { where });
    return [key, value];
  });
  return { type, ...Object.fromEntries(numbers) } as RopeScaling;
}

/**
 * Base and scaling of the rotary positions, from `rope_theta` and `rope_scaling` or from the `rope_parameters` that transformers 5
 * writes. A file with both must say the same twice.
 *
 * @throws ModelError naming a field with another kind of scaling
 */
export function fromRopeFields(json: Json, where: string): { ropeTheta: number; ropeScaling: RopeScaling | null } {
  const found = (['rope_parameters', 'rope_scaling'] as const).flatMap((field) => {
    const value = json[field] ?? null;
    if (value === null) return [];
    if (typeof value !== 'object') throw new ModelError(`${field} is not an object`, { where });
    const parameters = value as Json;
    return [{ field, theta: parameters.rope_theta, scaling: scalingOf(parameters, field, where) }];
  });
  const [first, second] = found;
  if (first !== undefined && second !== undefined && JSON.stringify(first.scaling) !== JSON.stringify(second.scaling)) {
    throw new ModelError('rope_parameters and rope_scaling contradict each other; remove one', { where });
  }
  const thetas = [...found.map(({ theta }) => theta), json.rope_theta].filter((theta) => theta != null);
  // The default of transformers for the architectures here, whose older files often leave it out.
  const [ropeTheta = 10_000] = thetas;
  if (typeof ropeTheta !== 'number') throw new ModelError('rope_theta is not a number', { where });
  if (thetas.some((theta) => theta !== ropeTheta)) {
    throw new ModelError(`rope_theta is given as ${thetas.join(' and as ')}; remove one`, { where });
  }
  return { ropeTheta, ropeScaling: first?.scaling ?? null };
}
