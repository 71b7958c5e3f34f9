import { isCatalogueFile } from '../compute/open-catalogue.js';
import type { ArtifactStore } from './artifact-store.js';
import type { RolloutJob } from './rollout-executor.js';
import { type WireJob, type WireModel, wireFormat } from './wire-job.js';

/** What a tokenizer is read from, in a folder that may hold a model too. */
const tokenizerFiles = (name: string) =>
  /^(tokenizer|tokenizer_config|special_tokens_map|vocab|generation_config|config)\.json$|^merges\.txt$|^chat_template\.jinja$/.test(
    name,
  );

const everyFile = () => true;

/** The index of a job in a folder. */
function indexOf(job: RolloutJob) {
  const source = job.kind === 'episodes' ? job.retriever : undefined;
  return source !== undefined && 'directory' in source ? source : undefined;
}

/** The products of a job in a folder. */
function catalogueOf({ environment }: RolloutJob) {
  const source = environment.kind === 'webshop' ? environment.catalogue : undefined;
  return source !== undefined && 'directory' in source ? source : undefined;
}

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
  const index = indexOf(job);
  const products = catalogueOf(job);
  const shuffleSeed = index?.shuffleSeed;
  // The worker puts its own folders here.
  const retriever =
    index === undefined ? {} : { retriever: { directory: '', ...(shuffleSeed === undefined ? {} : { shuffleSeed }) } };
  const environment =
    products === undefined ? {} : { environment: { ...job.environment, catalogue: { ...products, directory: '' } } };
  return {
    format: wireFormat,
    job: { ...rest, ...retriever, ...environment },
    tokenizer: await store.folder(tokenizer, tokenizerFiles),
    ...(model === undefined ? {} : { model }),
    ...(index === undefined ? {} : { index: await store.folder(index.directory, everyFile) }),
    ...(products === undefined ? {} : { catalogue: await store.folder(products.directory, isCatalogueFile) }),
  };
}
