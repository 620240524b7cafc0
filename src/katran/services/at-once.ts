/** A call takes katran about a millisecond; more under way at once would only wait there. */
const AT_ONCE = 8;

/** Does the work for each entry, some at once; results in the order of the entries. Rejects with the first that fails. */
export async function each<T, R>(entries: readonly T[], work: (entry: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = entries.entries();
  const worker = async (): Promise<void> => {
    for (const [index, entry] of rest) results[index] = await work(entry);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
