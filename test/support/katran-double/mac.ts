const ZEROS = '00:00:00:00:00:00';

/**
 * What katran makes of a MAC it is given: six bytes of one or two hex digits, separated by colons or dashes or, with
 * two digits each, not at all. Anything else, a colon at the end included, becomes all zeros.
 */
export function macAsKatranReadsIt(text: string): string {
  const separated = /^[0-9a-f]{1,2}([:-][0-9a-f]{1,2}){5}$/i.test(text);
  const bytes = separated
    ? text.split(/[:-]/)
    : /^[0-9a-f]{12}$/i.test(text)
      ? (text.match(/../g) ?? [])
      : [];
  if (bytes.length !== 6) return ZEROS;
  return bytes.map((byte) => byte.toLowerCase().padStart(2, '0')).join(':');
}
