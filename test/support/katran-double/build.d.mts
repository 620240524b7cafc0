/** The path of the double, built if it is missing or older than one of its sources. */
export function buildKatranDouble(): string;
