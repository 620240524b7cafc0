/** Makes below `target`, which exists, the files, links and directories of a recorded host's text. */
export function unpackHost(text: string, target: string): void;
/** The text of what is below a directory, sorted. Throws for a file that the form cannot hold. */
export function packHost(source: string): string;
