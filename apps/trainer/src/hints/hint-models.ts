import {
  createHintChooser,
  createHintWriter,
  createRuleHintWriter,
  type HintChooser,
  type HintWriter,
} from '@dgpo/distill/hints';
import { createRandom } from '@dgpo/trajectory';
import { type HintSettings, usesServer } from '../recipe/hints-section.js';

/** The server of the section `hints`; the schema requires what it needs. */
const serverOf = ({ url = '', name = '', apiKeyVariable }: HintSettings) => ({
  url,
  model: name,
  random: createRandom(0).split('hint-server'),
  ...(apiKeyVariable === undefined ? {} : { apiKeyVariable }),
});

/** Who finds the hints of a failed episode, as a recipe asks for it. */
export function hintWriterOf(settings: HintSettings): HintWriter {
  const { maxHints, repeats, writer } = settings;
  const limit = maxHints === undefined ? {} : { maxHints };
  return writer === 'rules'
    ? createRuleHintWriter({ ...limit, repeats })
    : createHintWriter({ ...limit, ...serverOf(settings) });
}

/** How the hints of a task are chosen. */
export function hintMethodOf(settings: HintSettings): 'bm25' | 'tfidf' | 'first' | HintChooser {
  return settings.retrieval === 'server' ? createHintChooser(serverOf(settings)) : settings.retrieval;
}

/** Which model behind a server made or chose hints, for the inputs of a stage; its key is no part of it. */
export const serverInputs = (settings: HintSettings) =>
  usesServer(settings) ? { url: settings.url, name: settings.name } : {};
