import fs from 'node:fs';
import path from 'node:path';
import { Failure, errnoOf, messageOf } from '../../failure.ts';
import { replaceFile, unwritable, UnwritableFile } from '../../linux/atomic-file.ts';
import { withRegularFile } from '../../linux/regular-file.ts';
import type { Log } from '../../log/log.ts';
import { checkInterfaceName } from '../../linux/net-device.ts';
import type { Root } from '../../linux/root.ts';

/** The mask a vector had before start-katran first touched it. */
export interface SavedMask {
  readonly irq: number;
  /** Its action name: another vector may get the same number later. */
  readonly name: string;
  readonly mask: string;
}

/** Where the masks of an interface are kept: `/run` is emptied at boot, as the kernel's own masks are. */
export function savedMasksPath(root: Root, interfaceName: string): string {
  checkInterfaceName(interfaceName);
  const run = root.realpath('/run') ?? '/run';
  return root.hostPath(path.posix.join(run, 'start-katran', `${interfaceName}.json`));
}

/** The saved file exists but cannot be understood. */
export class SavedMasksUnreadable extends Failure {}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function parseSavedMask(value: unknown): SavedMask | undefined {
  if (!isRecord(value)) return undefined;
  const { irq, name, mask } = value;
  if (typeof irq !== 'number' || !Number.isSafeInteger(irq) || irq < 0) return undefined;
  if (typeof name !== 'string' || typeof mask !== 'string') return undefined;
  return /^[0-9a-f]{1,8}(,[0-9a-f]{1,8})*$/i.test(mask) ? { irq, name, mask } : undefined;
}

/** The text of the saved file. */
export function formatSavedMasks(interfaceName: string, masks: readonly SavedMask[]): string {
  return `${JSON.stringify({ version: 1, interface: interfaceName, masks }, undefined, 1)}\n`;
}

/** The masks in the text of a saved file. Throws SavedMasksUnreadable, which names `file`. */
export function parseSavedMasks(text: string, file: string): SavedMask[] {
  const unreadable = (what: string): SavedMasksUnreadable =>
    new SavedMasksUnreadable(
      `${file} does not hold saved IRQ masks (${what}); remove it, and set the masks by hand if they matter`,
    );
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw unreadable(messageOf(error).replaceAll(/\s+/g, ' '));
  }
  if (!isRecord(document) || document['version'] !== 1) throw unreadable('not version 1');
  const entries: unknown = document['masks'];
  if (!Array.isArray(entries)) throw unreadable('no list of masks');
  return entries.map((entry: unknown, index) => {
    const mask = parseSavedMask(entry);
    if (mask === undefined) throw unreadable(`entry ${index} is no IRQ, name and mask`);
    return mask;
  });
}

/** The masks saved for an interface, or undefined when nothing is saved. Throws Failure. */
export function readSavedMasks(root: Root, interfaceName: string): SavedMask[] | undefined {
  const file = savedMasksPath(root, interfaceName);
  let text: string | undefined;
  try {
    text = withRegularFile(file, (descriptor) => fs.readFileSync(descriptor, 'utf8'));
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    const advice =
      code === 'ELOOP' ? 'it is a symbolic link: remove it' : code === 'EACCES' ? 'run as root' : 'remove it';
    throw new Failure(`cannot read the saved IRQ masks in ${file}: ${code ?? messageOf(error)}`, {
      remedy: advice,
    });
  }
  if (text === undefined)
    throw new Failure(`cannot read the saved IRQ masks in ${file}: it is no regular file`, {
      remedy: 'remove it',
    });
  return parseSavedMasks(text, file);
}

/** Parents only where they are missing: on a read-only file system Node's recursive mkdir reports ENOENT instead of EROFS. */
function makeDirectory(directory: string): void {
  try {
    fs.mkdirSync(directory, { mode: 0o755 });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') fs.mkdirSync(directory, { recursive: true, mode: 0o755 });
    else if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function makeOwnDirectory(directory: string): void {
  makeDirectory(directory);
  if (!fs.lstatSync(directory).isDirectory())
    throw new Failure(`cannot save IRQ masks in ${directory}: it is not a directory`, {
      remedy: 'remove it',
    });
}

/** The file in a directory of its own, which is made when it is missing. */
function replaceSavedMasks(file: string, text: string): void {
  try {
    makeOwnDirectory(path.dirname(file));
    replaceFile(file, text);
  } catch (error) {
    if (error instanceof Failure && !(error instanceof UnwritableFile)) throw error;
    const { reason, advice } = error instanceof UnwritableFile ? error : unwritable(file, error);
    throw new Failure(`cannot save the IRQ masks found to ${file}: ${reason}; no mask was written`, {
      remedy: advice,
      cause: error,
    });
  }
}

const keyOf = ({ irq, name }: SavedMask): string => `${irq} ${name}`;

/** What saveMasks did. */
export interface SavedFile {
  readonly file: string;
  /** Makes the file what it was before: for a caller that has put everything back. */
  undo(): void;
}

/**
 * Saves the masks found (mode 0600, written beside and renamed). A vector that is already in the file keeps the mask it
 * has there: what `restore` brings back is the state before start-katran's first run, not before its last.
 * Throws Failure when the file cannot be written.
 */
export function saveMasks(
  root: Root,
  interfaceName: string,
  found: readonly SavedMask[],
  log: Log,
): SavedFile {
  const file = savedMasksPath(root, interfaceName);
  let earlier: SavedMask[] | undefined;
  try {
    earlier = readSavedMasks(root, interfaceName);
  } catch (error) {
    if (!(error instanceof SavedMasksUnreadable)) throw error;
    log.warn(`${error.message}; replacing it with the masks found now`);
  }
  const known = new Set(earlier?.map(keyOf));
  const added = found.filter((mask) => !known.has(keyOf(mask)));
  if (earlier !== undefined && added.length === 0) return { file, undo: () => undefined };
  replaceSavedMasks(file, formatSavedMasks(interfaceName, [...(earlier ?? []), ...added]));
  return {
    file,
    undo: () => {
      if (earlier === undefined) fs.rmSync(file, { force: true });
      else replaceSavedMasks(file, formatSavedMasks(interfaceName, earlier));
    },
  };
}

/** Forgets the masks of an interface. Throws Failure. */
export function removeSavedMasks(root: Root, interfaceName: string): void {
  const file = savedMasksPath(root, interfaceName);
  try {
    fs.rmSync(file, { force: true });
  } catch (error) {
    throw new Failure(`cannot remove ${file}: ${errnoOf(error) ?? messageOf(error)}`, {
      remedy: 'remove it by hand',
    });
  }
}
