import { type Agent, createAgent, type Retriever } from '@dgpo/envs';
import {
  createDecoder,
  createSampler,
  type Engine,
  type EngineName,
  loadModel,
  selectEngine,
  setParameters,
} from '@dgpo/lm';
import { ConfigError } from '@dgpo/trajectory';
import { isSearch, type SearchSettings } from '../compute/environment-settings.js';
import { openRetriever } from '../compute/open-retriever.js';
import { readAgentSettings } from '../evaluate/agent-settings.js';

export interface LoadAgentOptions extends Partial<SearchSettings> {
  /** A model folder in Hugging Face layout, or a folder of adapters. The rules of its `agent.json` hold where none are given here. */
  checkpoint: string;
  /** An index directory, or any retriever. */
  index: string | Retriever;
  /** 0 is greedy. @default 0 */
  temperature?: number;
  /** @default 0 */
  seed?: number;
  /** @default DGPO_ENGINE, else the fastest that works here */
  engine?: EngineName | 'auto';
}

/** An agent and what it runs on. */
export interface LoadedAgent extends Agent {
  readonly engine: Engine;
  /** The rules it keeps. */
  readonly settings: SearchSettings;
  /** Frees the weights and the cache. */
  dispose(): void;
}

/**
 * Loads a trained model and a search engine as an agent that answers questions.
 *
 * @throws {ModelError} when the folder holds no model of this kind
 * @throws {RetrieverError} when the index is missing or damaged
 * @throws {ConfigError} when the engine cannot start, or a rule is out of range or does not fit the model
 */
export async function loadAgent(options: LoadAgentOptions): Promise<LoadedAgent> {
  const { index, ...rest } = options;
  if (typeof index !== 'string') return buildAgent({ ...rest, retriever: index });
  const retriever = await openRetriever({ directory: index });
  try {
    const agent = await buildAgent({ ...rest, retriever });
    return {
      ...agent,
      dispose: () => {
        agent.dispose();
        // Only files that are read: nothing is left to fail, and nobody to wait.
        void retriever.close();
      },
    };
  } catch (error) {
    await retriever.close();
    throw error;
  }
}

async function buildAgent({
  checkpoint,
  retriever,
  temperature = 0,
  seed = 0,
  engine: engineName,
  ...rules
}: Omit<LoadAgentOptions, 'index'> & { retriever: Retriever }): Promise<LoadedAgent> {
  const { config, parameters, tokenizer } = await loadModel({ directory: checkpoint });
  const { maxPositionEmbeddings } = config;
  const stored = await readAgentSettings({ directory: checkpoint, maxPositionEmbeddings });
  if (!isSearch(stored)) {
    throw new ConfigError(`was trained to play ${stored.kind}; only a model that was trained to search can be asked`, {
      where: checkpoint,
    });
  }
  const settings = { ...stored, ...rules };
  if (settings.maxContextTokens > config.maxPositionEmbeddings) {
    throw new ConfigError(
      `is ${settings.maxContextTokens}, but this model reads ${config.maxPositionEmbeddings} tokens`,
      {
        where: 'maxContextTokens',
      },
    );
  }
  const engine = await selectEngine(engineName === undefined ? {} : { engine: engineName });
  const decoder = createDecoder({ config });
  setParameters(decoder, parameters);
  const { maxContextTokens } = settings;
  const sampler = createSampler({ decoder, tokenizer, slots: 1, maxContextTokens });
  const agent = createAgent({ ...settings, model: { ...sampler, name: checkpoint }, retriever, temperature, seed });
  return {
    ...agent,
    engine,
    settings,
    dispose: () => {
      sampler.dispose();
      decoder.dispose();
    },
  };
}
