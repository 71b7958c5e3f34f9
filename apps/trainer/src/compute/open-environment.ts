import { createHintPromptTemplate, hintPromptTemplate } from '@dgpo/distill/hints';
import { createSearchEnvironment, createTextEnvironment, type Environment, type Retriever } from '@dgpo/envs';
import { createInterpreterPool, createPythonInterpreter } from '@dgpo/envs/code';
import { createHousehold } from '@dgpo/envs/household';
import { createWebshop } from '@dgpo/envs/webshop';
import { ConfigError } from '@dgpo/trajectory';
import { createArithmeticEnvironment } from '../arithmetic/index.js';
import { expertIn, expertInCode } from '../expert/scripted-expert.js';
import { chainOfThoughtEnvironment } from './chain-of-thought-environment.js';
import type { CodeSettings, EnvironmentSettings, RetrieverSource, SearchSettings } from './environment-settings.js';
import { openCatalogue } from './open-catalogue.js';
import { openRetriever } from './open-retriever.js';

/** An environment with what it holds until it is closed. */
interface OpenedEnvironment {
  environment: Environment;
  close(): Promise<void>;
}

/** The search environment of a run, with the scripted expert as its oracle. */
export function searchEnvironment(retriever: Retriever, { kind: _, ...settings }: SearchSettings): Environment {
  return createSearchEnvironment({ retriever, ...settings, oracle: expertIn(settings.format ?? 'tags') });
}

/** The prompt of a text world, with the hints of a task that carries some. */
const templateOf = (template: string | undefined) =>
  template === undefined ? hintPromptTemplate : createHintPromptTemplate({ template });

/** Far more than a question needs; counted, so that code is stopped at the same place on a slow machine and a fast one. */
const maxOperations = 10_000_000;

/**
 * The code environment of a run, in a process of Python that starts when the first code runs, with the scripted expert as its oracle.
 * @throws ConfigError for rules out of range
 */
export function codeEnvironment(retriever: Retriever, { kind: _, ...settings }: CodeSettings): OpenedEnvironment {
  const interpreters = createInterpreterPool({
    start: () => createPythonInterpreter({ maxOperations, timeout: 120_000 }),
    size: 1,
  });
  const environment = createArithmeticEnvironment({ interpreters, retriever, settings });
  return { environment: { ...environment, oracle: expertInCode }, close: interpreters.close };
}

const nothingToClose = async () => undefined;

/**
 * Opens the environment that settings describe; its episodes are the same wherever it is opened.
 *
 * @throws ConfigError for rules out of range and for a search without a search engine; RetrieverError and DatasetError for files that
 * cannot be read
 */
export async function openEnvironment(options: {
  settings: EnvironmentSettings;
  /** Of a search. */
  retriever: RetrieverSource | undefined;
}): Promise<OpenedEnvironment> {
  const { settings, retriever: source } = options;
  switch (settings.kind) {
    case 'household': {
      const { kind: _, promptTemplate, ...rules } = settings;
      const world = createHousehold();
      const environment = createTextEnvironment({ world, ...rules, promptTemplate: templateOf(promptTemplate) });
      return { environment, close: nothingToClose };
    }
    case 'webshop': {
      const { kind: _, catalogue, observationMode, productsPerPage, promptTemplate, ...rules } = settings;
      const world = createWebshop({
        catalogue: await openCatalogue(catalogue),
        ...(observationMode === undefined ? {} : { observationMode }),
        ...(productsPerPage === undefined ? {} : { productsPerPage }),
      });
      const environment = createTextEnvironment({ world, ...rules, promptTemplate: templateOf(promptTemplate) });
      return { environment, close: nothingToClose };
    }
    case 'chain-of-thought':
      return { environment: chainOfThoughtEnvironment(settings), close: nothingToClose };
    default: {
      if (source === undefined)
        throw new ConfigError('an environment with a search needs a search engine', { where: 'retriever' });
      const retriever = await openRetriever(source);
      try {
        if (settings.kind !== 'code') {
          return { environment: searchEnvironment(retriever, settings), close: retriever.close };
        }
        const { environment, close } = codeEnvironment(retriever, settings);
        return { environment, close: () => close().finally(retriever.close) };
      } catch (error) {
        await retriever.close();
        throw error;
      }
    }
  }
}
