import type { Screen } from '../terminal/screen.ts';
import { boxRow } from '../terminal/table.ts';

/** One hardware thread, drawn: lines of one width, coloured already. */
export interface DrawnCpu {
  readonly lines: readonly string[];
  /** Characters of each line. */
  readonly width: number;
}

/** How many columns of that width there is room for, fewer where the rows then come out even. */
function columnsFor(count: number, width: number, screen: Screen): number {
  const most = Math.max(1, Math.floor((screen.columns - 1) / (width + 3)));
  if (count <= most) return count;
  for (let columns = most; columns > most * 0.6; columns -= 1) {
    if (count % columns === 0) return columns;
  }
  return most;
}

/** The threads of a core side by side, or below each other where the line is too narrow for that. */
function drawCore(threads: readonly DrawnCpu[], width: number, perLine: number): string[] {
  const lines: string[] = [];
  for (let first = 0; first < threads.length; first += perLine) {
    const beside = threads.slice(first, first + perLine);
    const height = Math.max(...beside.map((thread) => thread.lines.length));
    for (let line = 0; line < height; line += 1) {
      lines.push(beside.map((thread) => thread.lines[line] ?? ' '.repeat(width)).join('  '));
    }
  }
  return lines;
}

/** Rows of cores between vertical lines; as many in a row as the screen has room for. All threads have one width. */
export function coreGrid(
  cores: readonly (readonly DrawnCpu[])[],
  most: { readonly cores: number; readonly threads: number },
  screen: Screen,
): string[] {
  const width = cores[0]?.[0]?.width ?? 0;
  const room = screen.columns - 4;
  const perLine = Math.min(most.threads, Math.max(1, Math.floor((room + 2) / (width + 2))));
  const coreWidth = perLine * (width + 2) - 2;
  const columns = columnsFor(most.cores, coreWidth, screen);
  const line = screen.unicode ? '│' : '|';
  const drawn = cores.map((threads) => drawCore(threads, width, perLine));
  const inRow = Math.min(columns, cores.length);
  // Every core has a box, and a short last row empty ones: it would leave the map ragged.
  return Array.from({ length: Math.ceil(drawn.length / columns) }, (_, row) => {
    const boxes = Array.from({ length: inRow }, (_box, column) => drawn[row * columns + column] ?? []);
    return boxRow(boxes, coreWidth, line);
  }).flat();
}
