import { format } from 'prettier';
import type { Fault, FaultKind } from './fault.ts';

const INTRODUCTION = `# What start-katran does when something goes wrong

Each row is a test of \`npm run test:faults\`: the fault is provoked against \`dist/start-katran\` and against
\`node dist/start-katran.cjs\`, and besides what the row says it is checked that the run ends in time and that no process,
listening socket, lock, temporary file or changed IRQ mask is left. What is under *Up means forwarding* is done in network namespaces with
real XDP programs, and, where \`START_KATRAN_REAL\` names a real server, with that too. This file is written by that suite (\`-- -u\`).

**Status** is the launcher's exit status. Where the launcher carries on, it is that of the SIGTERM which then ended the
test. **XDP** is what is left of katran's program on the interface; where it stays, the launcher says how to detach it.
`;

/** The reliability table of these faults as Markdown, formatted as the project's other documents. */
export function reliabilityTable(kinds: readonly FaultKind[]): Promise<string> {
  const sections = kinds.map(
    ({ title, faults }) =>
      `## ${capital(title)}\n\n| Fault | start-katran | Status | XDP |\n|---|---|---|---|\n${faults.map(row).join('')}`,
  );
  return format([INTRODUCTION, ...sections].join('\n'), { parser: 'markdown', printWidth: 110 });
}

function row({ name, response, survived, status, signalled, xdp }: Fault): string {
  const shown =
    survived === true ? `carries on (${status})` : signalled === true ? `killed (${status})` : String(status);
  return `| ${[capital(name), capital(response), shown, xdp].map(escaped).join(' | ')} |\n`;
}

function capital(text: string): string {
  return /^(katran|changeMac|getMac|std|nohup)/.test(text)
    ? text
    : text.slice(0, 1).toUpperCase() + text.slice(1);
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('_', '\\_').replaceAll('*', '\\*');
}
