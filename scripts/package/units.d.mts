export function unitFiles(): Record<string, string>;
