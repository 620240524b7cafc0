import { KernelFileError } from './root.ts';

const SHOWN_CHARACTERS = 60;

/** A piece of somebody else's text, safe for one line of a message: quoted, escaped to ASCII, shortened. */
export function quoted(text: string): string {
  const shown = text.slice(0, SHOWN_CHARACTERS).replace(/["\\]|[^\x20-\x7e]/g, (character) => {
    if (character === '"' || character === '\\') return `\\${character}`;
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${shown}"${text.length > SHOWN_CHARACTERS ? '…' : ''}`;
}

/** The error for a kernel file whose content is not what the kernel writes; `line` counts from 1. */
export function malformed(path: string, line: number, expected: string, text: string): KernelFileError {
  return new KernelFileError(
    `cannot understand ${path}, line ${line}: expected ${expected}, found ${quoted(text)}`,
    path,
  );
}
