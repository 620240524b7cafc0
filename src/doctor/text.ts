import { summarise } from './doctor.ts';
import type { Look } from './look.ts';
import { GROUPS, type CheckResult, type Group, type Status } from './types.ts';
import { wrap } from './wrap.ts';

const ID_COLUMN = 18;

/** Checks of a group that were skipped for the same reason are one line. */
interface Line {
  readonly status: Status;
  readonly label: string;
  readonly result: CheckResult;
}

function linesOf(results: readonly CheckResult[]): Line[] {
  const lines: Line[] = [];
  const merged = new Map<string, number>();
  for (const result of results) {
    const { status, id, found } = result;
    const known = status === 'skipped' ? merged.get(found) : undefined;
    const earlier = known === undefined ? undefined : lines[known];
    if (known !== undefined && earlier !== undefined) {
      lines[known] = { ...earlier, label: `${earlier.label}, ${id}` };
      continue;
    }
    if (status === 'skipped') merged.set(found, lines.length);
    lines.push({ status, label: id, result });
  }
  return lines;
}

const widthOfMark = (look: Look): number => visible(look.mark('ok')).length + 1;
// Colours take no room.
// eslint-disable-next-line no-control-regex
const visible = (text: string): string => text.replace(/\u001b\[\d*m/g, '');

function indented(lines: readonly string[], indent: number): string[] {
  return lines.map((line) => ' '.repeat(indent) + line);
}

function drawLine({ status, label, result }: Line, look: Look): string[] {
  const start = widthOfMark(look);
  const column = start + ID_COLUMN;
  const width = look.columns - column;
  const mark = `${look.mark(status)} `;
  const [first = '', ...more] = wrap(result.found, width);
  const dim = (text: string): string => (status === 'skipped' ? look.quiet(text) : text);
  const head =
    label.length < ID_COLUMN
      ? [`${mark}${dim(label.padEnd(ID_COLUMN) + first)}`, ...indented(more.map(dim), column)]
      : [
          ...wrap(label, look.columns - start).map(
            (line, i) => (i === 0 ? mark : ' '.repeat(start)) + dim(line),
          ),
          ...indented([first, ...more].map(dim), column),
        ];
  if (status === 'ok' || status === 'skipped') return head;
  return [...head, ...indented(wrap(result.meaning, width), column), ...drawFix(result, look, column)];
}

/** What can be copied into a shell or a command line as it stands. */
const COMMAND =
  /^(?:bpftool|chmod|ethtool|ip|mount|ping|start-katran|sysctl|systemctl|tc|ulimit) |^-[a-z]\w* \S+$| && /;

/** Advice breaks at spaces. A command never does: it must be possible to copy it. */
function adviceLines(fix: string, width: number): string[] {
  return COMMAND.test(fix) ? [fix] : wrap(fix, width);
}

const FIX = 'fix: ';

/** A command that is too long for its column starts further left. */
function drawFix({ fix }: CheckResult, look: Look, column: number): string[] {
  if (fix === null) return [];
  const roomy = COMMAND.test(fix) && column + FIX.length + fix.length > look.columns;
  const indent = roomy ? widthOfMark(look) : column;
  return adviceLines(fix, look.columns - indent - FIX.length).map(
    (line, i) => ' '.repeat(indent) + (i === 0 ? FIX : ' '.repeat(FIX.length)) + look.command(line),
  );
}

const counted = (count: number, one: string, several = one): string =>
  `${count} ${count === 1 ? one : several}`;

/** `2 failed, 1 warning, 30 ok, 6 skipped`. */
export function summaryLine(results: readonly CheckResult[]): string {
  const { ok, warn, fail, skipped } = summarise(results);
  return [
    counted(fail, 'failed'),
    counted(warn, 'warning', 'warnings'),
    counted(ok, 'ok'),
    counted(skipped, 'skipped'),
  ].join(', ');
}

/** The failures once more, at the end: there they are still on the screen. */
function drawFailures(results: readonly CheckResult[], look: Look): string[] {
  const failed = results.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return ['nothing here keeps katran from forwarding'];
  const width = Math.max(...failed.map(({ id }) => id.length)) + 4;
  return [
    'fix these, in this order:',
    ...failed.flatMap(({ id, fix }) =>
      adviceLines(fix ?? '', look.columns - width).map(
        (line, i) => (i === 0 ? `  ${id}` : '').padEnd(width) + look.command(line),
      ),
    ),
  ];
}

/** Every check as a line, those that found something with what it means and what to do. Ends with a line feed. */
export function doctorText(title: string, results: readonly CheckResult[], look: Look): string {
  const group = (name: Group): string[] => {
    const own = results.filter((result) => result.group === name);
    return own.length === 0
      ? []
      : ['', look.heading(name), ...linesOf(own).flatMap((line) => drawLine(line, look))];
  };
  return [
    ...wrap(title, look.columns),
    ...GROUPS.flatMap(group),
    '',
    look.heading(summaryLine(results)),
    ...drawFailures(results, look),
    '',
  ].join('\n');
}
