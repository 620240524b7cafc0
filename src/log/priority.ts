/** Severities as sd-daemon(3) has them; `fatal` is katran's. */
const PRIORITIES = { debug: 7, info: 6, warn: 4, error: 3, fatal: 2 } as const;

/** What a line begins with that a service writes to the journal: `<4>`. The journal takes it off and keeps it as the priority. */
export const priorityOf = (level: keyof typeof PRIORITIES): string => `<${PRIORITIES[level]}>`;
