/** A list in words that stays readable however long it is: the first ones, and how many more there are. */
export function firstFew(items: readonly string[], most: number, separator = ', '): string {
  const named = items.slice(0, most).join(separator);
  return items.length <= most ? named : `${named} and ${items.length - most} more`;
}
