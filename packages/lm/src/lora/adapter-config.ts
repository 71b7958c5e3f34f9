import { ModelError } from '@dgpo/trajectory';
import type { DecoderConfig } from '../model/decoder-config.js';
import { type LoraOptions, linearModules } from './lora-layout.js';

type Json = Record<string, unknown>;

/** Fields that matter to training or to the start of it, or only to PEFT itself. */
const harmless = new Set([
  'auto_mapping',
  'base_model_name_or_path',
  'ensure_weight_tying',
  'eva_config',
  // How the base stores its matrices; it does not touch those of the adapters.
  'fan_in_fan_out',
  'inference_mode',
  'layers_pattern',
  'lora_dropout',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
]);

/** Starts that leave the weights of the base as they are; the others (`pissa`, `olora`, `loftq`, `corda`, …) put a part of them elsewhere. */
const plainStarts: unknown[] = [undefined, null, true, false, 'gaussian', 'orthogonal', 'eva'];

function isOff(value: unknown): boolean {
  if (value === null || value === false || value === 'none') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** LoRA of one model as PEFT's `adapter_config.json`. */
export function toAdapterConfigJson(options: {
  config: DecoderConfig;
  lora: LoraOptions;
  baseModel: string | undefined;
}): object {
  const { config, lora, baseModel } = options;
  const { rank, alpha, targetModules, useRslora = false } = lora;
  return {
    base_model_name_or_path: baseModel ?? null,
    bias: 'none',
    fan_in_fan_out: config.modelType === 'gpt2',
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: rank,
    target_modules: targetModules === 'all-linear' ? linearModules(config) : targetModules,
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: useRslora,
  };
}

/**
 * Reads PEFT's `adapter_config.json`.
 *
 * @throws ModelError naming the field: one that is missing or of the wrong kind, and any that would change the mathematics
 */
export function fromAdapterConfigJson(
  json: unknown,
  where: string,
): { lora: LoraOptions; baseModel: string | undefined; revision: string | undefined } {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new ModelError('is no object', { where });
  const fields: Json = { ...json };
  const take = (name: string) => {
    const value = fields[name];
    delete fields[name];
    return value;
  };
  const refuse = (name: string, value: unknown, remedy: string): never => {
    throw new ModelError(`${name} is ${JSON.stringify(value) ?? 'missing'}; ${remedy}`, { where });
  };
  const peftType = take('peft_type');
  if (peftType !== 'LORA') refuse('peft_type', peftType, 'only "LORA" is supported');
  const taskType = take('task_type') ?? 'CAUSAL_LM';
  if (taskType !== 'CAUSAL_LM') refuse('task_type', taskType, 'only "CAUSAL_LM" is supported');
  const start = take('init_lora_weights');
  const isPlain = plainStarts.includes(start);
  if (!isPlain)
    refuse('init_lora_weights', start, 'such adapters change the base too; convert them to plain LoRA first');
  const rank = take('r');
  const alpha = take('lora_alpha');
  const isNumber = (value: unknown): value is number => typeof value === 'number';
  if (!isNumber(rank)) return refuse('r', rank, 'a number is needed');
  if (!isNumber(alpha)) return refuse('lora_alpha', alpha, 'a number is needed');
  const useRslora = take('use_rslora') ?? false;
  if (typeof useRslora !== 'boolean') return refuse('use_rslora', useRslora, 'true or false is needed');
  const targets = take('target_modules');
  const isList = Array.isArray(targets) && targets.every((target) => typeof target === 'string');
  if (targets !== 'all-linear' && !isList) {
    return refuse('target_modules', targets, 'a list of names or "all-linear" is needed (patterns are not supported)');
  }
  const textOf = (name: string) => (typeof fields[name] === 'string' ? fields[name] : undefined);
  const baseModel = textOf('base_model_name_or_path');
  const revision = textOf('revision');
  for (const [name, value] of Object.entries(fields)) {
    if (!harmless.has(name) && !isOff(value)) refuse(name, value, 'this is not supported');
  }
  return {
    lora: { rank, alpha, targetModules: targets === 'all-linear' ? targets : (targets as string[]).sort(), useRslora },
    baseModel,
    revision,
  };
}
