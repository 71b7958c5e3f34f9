import { ConfigError } from '@dgpo/trajectory';
import { nearestName } from '../recipe/nearest-name.js';

export type DownloadKind = 'corpus' | 'dataset' | 'model';

/** A repository on the hub, or a part of it. */
export interface CatalogueEntry {
  kind: DownloadKind;
  /** Short name for the command line. */
  name: string;
  /** `org/name` on the hub. */
  repository: string;
  /** Whether the hub keeps it as a model or as a data set. */
  repositoryType: 'model' | 'dataset';
  /** Only files whose path starts with one of these. Absent: all. */
  prefixes?: readonly string[];
  description: string;
}

const flashRag = (folder: string, description: string): CatalogueEntry => ({
  kind: 'dataset',
  name: folder,
  repository: 'RUC-NLPIR/FlashRAG_datasets',
  repositoryType: 'dataset',
  prefixes: [`${folder}/`],
  description,
});

/** What people of this field train and test on. Any other `org/name` of the hub works too. */
export const catalogue: readonly CatalogueEntry[] = [
  {
    kind: 'corpus',
    name: 'wiki-18',
    repository: 'PeterJinGo/wiki-18-corpus',
    repositoryType: 'dataset',
    description: 'English Wikipedia of 2018 in 21 million passages of 100 words, as gzip JSONL (unpack with gunzip)',
  },
  {
    kind: 'corpus',
    name: 'wiki-18-bm25-index',
    repository: 'PeterJinGo/wiki-18-bm25-index',
    repositoryType: 'dataset',
    description: 'Lucene BM25 index of wiki-18, for a Search-R1 retrieval server',
  },
  {
    kind: 'corpus',
    name: 'wiki-18-e5-index',
    repository: 'PeterJinGo/wiki-18-e5-index',
    repositoryType: 'dataset',
    description: 'E5 vectors of wiki-18 in two parts (join with cat), for a Search-R1 retrieval server',
  },
  {
    kind: 'dataset',
    name: 'nq_hotpotqa_train',
    repository: 'PeterJinGo/nq_hotpotqa_train',
    repositoryType: 'dataset',
    description:
      'Questions of Search-R1 and DGPO with rendered prompts: NQ and HotpotQA to train on, seven sets to test on (parquet)',
  },
  flashRag('nq', 'Natural Questions (FlashRAG JSONL)'),
  flashRag('triviaqa', 'TriviaQA (FlashRAG JSONL)'),
  flashRag('popqa', 'PopQA (FlashRAG JSONL)'),
  flashRag('hotpotqa', 'HotpotQA, two hops (FlashRAG JSONL)'),
  flashRag('2wikimultihopqa', '2WikiMultihopQA (FlashRAG JSONL)'),
  flashRag('musique', 'MuSiQue, two to four hops (FlashRAG JSONL)'),
  flashRag('bamboogle', 'Bamboogle, 125 questions of two hops (FlashRAG JSONL)'),
  {
    kind: 'model',
    name: 'dgpo-qwen2.5-0.5b',
    repository: 'omron-sinicx/DGPO-qwen2.5-0.5b',
    repositoryType: 'model',
    description: 'The student that the DGPO paper released',
  },
  {
    kind: 'model',
    name: 'qwen2.5-0.5b-instruct-kd',
    repository: 'omron-sinicx/Qwen2.5-0.5B-Instruct-kd',
    repositoryType: 'model',
    description: 'The same student after its cold start',
  },
  {
    kind: 'model',
    name: 'searchr1-qwen2.5-3b-instruct',
    repository: 'omron-sinicx/SearchR1-ppo-qwen2.5-3b-instruct',
    repositoryType: 'model',
    description: 'The teacher of the DGPO paper',
  },
];

/**
 * The entry for a short name or for any `org/name`.
 *
 * @throws {ConfigError} for a name that is neither, with the nearest one
 */
export function findEntry(kind: DownloadKind, name: string): CatalogueEntry {
  const sameKind = catalogue.filter((entry) => entry.kind === kind);
  const known = sameKind.find((entry) => entry.name === name) ?? sameKind.find((entry) => entry.repository === name);
  if (known !== undefined) return known;
  if (/^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name)) {
    const repositoryType = kind === 'model' ? 'model' : 'dataset';
    return { kind, name, repository: name, repositoryType, description: 'A repository on the hub' };
  }
  const names = sameKind.map((entry) => entry.name);
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? `there are ${names.join(', ')}` : `did you mean "${nearest}"?`;
  throw new ConfigError(`there is no ${kind} "${name}"; ${hint} (or give org/name of a repository on the hub)`);
}
