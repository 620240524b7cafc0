import type { LoadLevel, Screen } from '../terminal/screen.ts';

/** Interrupts per second from which a CPU has level 2, 3 and 4; any at all are level 1. */
const STEPS = [100, 1000, 10_000] as const;
/** Shades that the Linux console's own fonts have too. */
const SHADES = [' ', '░', '▒', '▓', '█'] as const;
const ASCII_SHADES = [' ', '.', ':', '+', '#'] as const;
const LEVELS: readonly LoadLevel[] = [0, 1, 2, 3, 4];

export function loadLevel(perSecond: number): LoadLevel {
  if (perSecond <= 0) return 0;
  return LEVELS[1 + STEPS.filter((step) => perSecond >= step).length] ?? 4;
}

/** One character that shows the level without colour. */
export function shade(level: LoadLevel, { unicode }: Pick<Screen, 'unicode'>): string {
  return (unicode ? SHADES : ASCII_SHADES)[level];
}

/** What the shades mean, for a legend. */
export function shadeLegend(screen: Screen): string {
  const words = ['', 'below 100', '100', '1k', '10k and more'];
  const shades = LEVELS.slice(1).map(
    (level) => `${screen.load(level, shade(level, screen))} ${words[level]}`,
  );
  return `interrupts/s: ${shades.join('  ')}`;
}

/** A count in at most four characters: `0`, `999`, `1.2k`, `12k`, `3.4M`; `<1` for what would look like nothing. */
export function shortCount(count: number): string {
  if (count > 0 && count < 0.5) return '<1';
  let value = Math.max(0, count);
  for (const unit of ['', 'k', 'M', 'G', 'T']) {
    if (Math.round(value) < 1000) {
      const digits = unit !== '' && value < 9.95 ? 1 : 0;
      return `${value.toFixed(digits)}${unit}`;
    }
    value /= 1000;
  }
  return 'lots';
}
