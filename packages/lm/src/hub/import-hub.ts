import { ModelError } from '@dgpo/trajectory';

export type HubLibrary = Pick<typeof import('@huggingface/hub'), 'downloadFile' | 'listFiles' | 'modelInfo'>;

/**
 * The optional peer `@huggingface/hub`.
 *
 * @throws ModelError that says how to install it
 */
export async function importHub(
  repository: string,
  load: () => Promise<HubLibrary> = () => import('@huggingface/hub'),
): Promise<HubLibrary> {
  try {
    return await load();
  } catch (cause) {
    throw new ModelError(
      '@huggingface/hub is needed to fetch it: "npm install @huggingface/hub", or give the path of a model folder',
      { where: repository, cause },
    );
  }
}
