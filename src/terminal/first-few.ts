/** A list in words that stays readable however long it is: the first ones, and how many more there are. */
export function firstFew<T>(
  items: readonly T[],
  most: number,
  separator = ', ',
  inWords: (item: T) => string = String,
): string {
  const named = items.slice(0, most).map(inWords).join(separator);
  return items.length <= most ? named : `${named} and ${items.length - most} more`;
}
