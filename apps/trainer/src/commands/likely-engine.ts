import type { EngineName } from '@dgpo/lm';
import { installedVersion } from './installed-version.js';

/** What `engine: auto` will most probably choose, judged by what is installed; nothing is started. */
export function likelyEngine(environment: Readonly<Record<string, string | undefined>>): EngineName {
  const wanted = environment.DGPO_ENGINE;
  if (wanted === 'tensorflow' || wanted === 'webgpu' || wanted === 'wasm' || wanted === 'cpu') return wanted;
  const has = (name: string) => installedVersion(name) !== undefined;
  if (has('@tensorflow/tfjs-node-gpu') || has('@tensorflow/tfjs-node')) return 'tensorflow';
  return has('webgpu') && has('@tensorflow/tfjs-backend-webgpu') ? 'webgpu' : 'wasm';
}
