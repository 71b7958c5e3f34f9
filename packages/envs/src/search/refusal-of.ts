import { isDgpoError } from '@dgpo/trajectory';

/**
 * Why a retriever refuses a query by the query's own fault, undefined for anything else that went wrong. Without the address of the server,
 * which differs from run to run.
 */
export function refusalOf(error: unknown): string | undefined {
  if (!isDgpoError(error) || !('refusesQuery' in error) || error.refusesQuery !== true) return undefined;
  const { message, where } = error;
  return where === undefined ? message : message.slice(`${where}: `.length);
}
