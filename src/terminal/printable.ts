/** Characters of a foreign text that a message repeats. */
const REPEATED = 200;

/**
 * What may steer a terminal, break a line or turn the order of what is read: controls of both blocks, the separators of lines
 * and paragraphs, and the marks that embed, override and isolate a direction.
 */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu;

/** Printable ASCII without blanks at its ends. */
const PLAIN = /^[!-~](?:[ -~]*[!-~])?$/;

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}

function lengthInCharacters(text: string): number {
  let length = text.length;
  for (let at = 0; at + 1 < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 0xd800 || code > 0xdbff || (text.charCodeAt(at + 1) & 0xfc00) !== 0xdc00) continue;
    length -= 1;
    at += 1;
  }
  return length;
}

/** The first characters of a text; a pair of surrogates is not taken apart. */
function beginning(text: string, characters: number): string {
  if (text.length <= characters) return text;
  let at = 0;
  for (let taken = 0; taken < characters && at < text.length; taken += 1) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, at);
}

/**
 * A text from outside as a message may repeat it: what is unprintable as `\x1b` or `\u202e`, and at most so many of its
 * characters, with the number of all of them behind: `aaa… (1048576 characters)`. Takes time in proportion to the text.
 */
export function printable(text: string, atMost = REPEATED): string {
  const kept = beginning(text, atMost);
  const shown = kept.replace(UNPRINTABLE, escaped);
  return kept.length === text.length ? shown : `${shown}… (${lengthInCharacters(text)} characters)`;
}

/** The same in double quotes, with the quotes in it escaped. */
export function quoted(text: string, atMost = REPEATED): string {
  return `"${printable(text, atMost).replace(/["\\](?!x[0-9a-f]{2}|u[0-9a-f]{4})/g, '\\$&')}"`;
}

/** A text of several lines as one: line feeds and the blanks around them are one space. */
export function printableLine(text: string, atMost = REPEATED): string {
  // Nearly every line: there is nothing to look for in it.
  if (text.length <= atMost && PLAIN.test(text)) return text;
  const lines = /[\r\n]/.test(text) ? text.split(/[\r\n]+/).map((line) => line.trim()) : [text.trim()];
  return printable(lines.filter((line) => line !== '').join(' '), atMost);
}
