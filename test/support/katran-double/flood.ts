import { writeAll } from './glog.ts';
import { journal } from './journal.ts';
import { numberSetting, setting } from './settings.ts';

const ROUND_MS = 10;

/**
 * Writes numbered lines to stderr at the set rate (`FLOOD` a second, of `FLOOD_LENGTH` bytes, `FLOOD_LINES` in all,
 * with NUL bytes when `FLOOD_NUL` is 1), and journals how many it wrote when it has written all.
 */
export function startFlood(): void {
  const perSecond = numberSetting('FLOOD', 0);
  if (perSecond === 0) return;
  const total = numberSetting('FLOOD_LINES', Infinity);
  const filler = setting('FLOOD_NUL') === '1' ? '\0' : '.';
  const length = numberSetting('FLOOD_LENGTH', 100);
  const began = performance.now();
  let written = 0;
  const round = setInterval(() => {
    const due = Math.min(total, Math.ceil(((performance.now() - began) / 1000) * perSecond));
    let lines = '';
    for (; written < due; written++) {
      lines += `flood ${String(written).padStart(9, '0')} `.padEnd(length - 1, filler) + '\n';
      if (lines.length > 1 << 20) {
        writeAll(2, lines);
        lines = '';
      }
    }
    if (lines !== '') writeAll(2, lines);
    if (written < total) return;
    clearInterval(round);
    journal('flooded', { lines: written });
  }, ROUND_MS);
}
