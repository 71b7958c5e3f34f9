import type { ArtifactStore } from './artifact-store.js';
import type { RolloutJob } from './rollout-executor.js';
import { type WireJob, type WireModel, wireFormat } from './wire-job.js';

/** What a tokenizer is read from, in a folder that may hold a model too. */
const tokenizerFiles = (name: string) =>
  /^(tokenizer|tokenizer_config|special_tokens_map|vocab|generation_config|config)\.json$|^merges\.txt$|^chat_template\.jinja$/.test(
    name,
  );

const everyFile = () => true;

/**
 * A job as workers fetch it: folders become artifacts.
 *
 * @throws DatasetError when a folder is empty
 */
export async function wireJob(options: {
  job: RolloutJob;
  store: ArtifactStore;
  model: WireModel | undefined;
}): Promise<WireJob> {
  const { job, store, model } = options;
  const { tokenizer, ...rest } = job;
  const directory = 'retriever' in job && 'directory' in job.retriever ? job.retriever.directory : undefined;
  const shuffleSeed = 'retriever' in job && 'shuffleSeed' in job.retriever ? job.retriever.shuffleSeed : undefined;
  // The worker puts its own folders here.
  const retriever =
    directory === undefined
      ? {}
      : { retriever: { directory: '', ...(shuffleSeed === undefined ? {} : { shuffleSeed }) } };
  return {
    format: wireFormat,
    job: { ...rest, ...retriever },
    tokenizer: await store.folder(tokenizer, tokenizerFiles),
    ...(model === undefined ? {} : { model }),
    ...(directory === undefined ? {} : { index: await store.folder(directory, everyFile) }),
  };
}
