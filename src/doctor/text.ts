import { summarise } from './doctor.ts';
import { asciiOnly, type Screen } from '../terminal/screen.ts';
import { widthOf } from '../terminal/table.ts';
import { wrapped } from '../terminal/wrap.ts';
import { GROUPS, type CheckResult, type Group, type Status } from './types.ts';

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

const WORDS: Readonly<Record<Status, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: 'skip' };
const SYMBOLS: Readonly<Record<Status, string>> = { ok: '✓', warn: '!', fail: '✗', skipped: '-' };
const PAINT = { ok: 'good', warn: 'warning', fail: 'bad', skipped: 'quiet' } as const;

const MIN_COLUMNS = 60;
const MAX_COLUMNS = 100;

const columnsOf = ({ columns }: Screen): number => Math.min(MAX_COLUMNS, Math.max(MIN_COLUMNS, columns));

/** Words of the answers: paths and commands in them stay whole. */
const wrap = (text: string, width: number): string[] => wrapped(text, width, { whole: true });

/** What a line begins with: `✓ ok   `, or `ok   ` where only ASCII may be written. */
const markOf = (status: Status, screen: Screen): string =>
  screen[PAINT[status]](`${screen.unicode ? `${SYMBOLS[status]} ` : ''}${WORDS[status].padEnd(5)}`);

const widthOfMark = (screen: Screen): number => widthOf(markOf('ok', screen)) + 1;

function indented(lines: readonly string[], indent: number): string[] {
  return lines.map((line) => ' '.repeat(indent) + line);
}

function drawLine({ status, label, result }: Line, screen: Screen): string[] {
  const start = widthOfMark(screen);
  const column = start + ID_COLUMN;
  const width = columnsOf(screen) - column;
  const mark = `${markOf(status, screen)} `;
  const [first = '', ...more] = wrap(result.found, width);
  const dim = (text: string): string => (status === 'skipped' ? screen.quiet(text) : text);
  const head =
    label.length < ID_COLUMN
      ? [`${mark}${dim(label.padEnd(ID_COLUMN) + first)}`, ...indented(more.map(dim), column)]
      : [
          ...wrap(label, columnsOf(screen) - start).map(
            (line, i) => (i === 0 ? mark : ' '.repeat(start)) + dim(line),
          ),
          ...indented([first, ...more].map(dim), column),
        ];
  if (status === 'ok' || status === 'skipped') return head;
  return [...head, ...indented(wrap(result.meaning, width), column), ...drawFix(result, screen, column)];
}

/** What can be copied into a shell or a command line as it stands. */
const COMMAND_BEGINS =
  /^(?:bpftool|chmod|ethtool|ip|mount|ping|start-katran|sysctl|systemctl|tc|ulimit) |^-[a-z]\w* \S+$| && /;

/** With another way out behind it, it is a sentence. */
const isCommand = (fix: string): boolean => COMMAND_BEGINS.test(fix) && !/, or /.test(fix);

/** Advice breaks at spaces. A command never does: it must be possible to copy it. */
function adviceLines(fix: string, width: number): string[] {
  return isCommand(fix) ? [fix] : wrap(fix, width);
}

const FIX = 'fix: ';

/** A command that is too long for its column starts further left. */
function drawFix({ fix }: CheckResult, screen: Screen, column: number): string[] {
  if (fix === null) return [];
  const roomy = isCommand(fix) && column + FIX.length + fix.length > columnsOf(screen);
  const indent = roomy ? widthOfMark(screen) : column;
  return adviceLines(fix, columnsOf(screen) - indent - FIX.length).map(
    (line, i) => ' '.repeat(indent) + (i === 0 ? FIX : ' '.repeat(FIX.length)) + screen.command(line),
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
function drawFailures(results: readonly CheckResult[], screen: Screen): string[] {
  const failed = results.filter(({ status }) => status === 'fail');
  if (failed.length === 0) return ['nothing here keeps katran from forwarding'];
  const width = Math.max(...failed.map(({ id }) => id.length)) + 4;
  return [
    'fix these, in this order:',
    ...failed.flatMap(({ id, fix }) =>
      adviceLines(fix ?? '', columnsOf(screen) - width).map(
        (line, i) => (i === 0 ? `  ${id}` : '').padEnd(width) + screen.command(line),
      ),
    ),
  ];
}

/** Every check as a line, those that found something with what it means and what to do. Ends with a line feed. */
export function doctorText(title: string, results: readonly CheckResult[], screen: Screen): string {
  const group = (name: Group): string[] => {
    const own = results.filter((result) => result.group === name);
    return own.length === 0
      ? []
      : ['', screen.title(name), ...linesOf(own).flatMap((line) => drawLine(line, screen))];
  };
  const text = [
    ...wrap(title, columnsOf(screen)),
    ...GROUPS.flatMap(group),
    '',
    screen.title(summaryLine(results)),
    ...drawFailures(results, screen),
    '',
  ].join('\n');
  return screen.unicode ? text : asciiOnly(text);
}
