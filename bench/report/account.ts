/** The readable account of a run: one line for each thing that happened, then tables. */

export type Cell = string | number;

export interface Table {
  readonly head: readonly Cell[];
  readonly rows: readonly (readonly Cell[])[];
}

export class Account {
  /** All that were written. */
  readonly tables: Table[] = [];
  private readonly startedMs = performance.now();

  constructor(private readonly write: (line: string) => void) {}

  title(text: string): void {
    this.write(`\n${text}\n`);
  }

  /** Something that just happened, with the seconds since the start. */
  step(text: string): void {
    const elapsedS = (performance.now() - this.startedMs) / 1000;
    this.write(`${elapsedS.toFixed(2).padStart(6)} s  ${text}`);
  }

  /** The first column to the left, the others to the right. */
  table(head: readonly Cell[], rows: readonly (readonly Cell[])[]): void {
    this.tables.push({ head, rows });
    const lines = [head, ...rows].map((row) => row.map(String));
    const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
    this.write('');
    for (const line of lines) {
      const cells = line.map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      });
      this.write(`  ${cells.join('   ')}`);
    }
  }
}

/** The smallest value that at least this share of the values does not exceed; 0 without values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
