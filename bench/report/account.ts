/** The readable account of a run: a line for each event, then tables. */

export type Cell = string | number;

export interface Table {
  readonly head: readonly Cell[];
  readonly rows: readonly (readonly Cell[])[];
}

/** The cell of each column, made from a row, by the column's head. */
export type Columns<T> = Readonly<Record<string, (row: T) => Cell>>;

export class Account {
  /** All tables so far. */
  readonly tables: Table[] = [];
  private readonly startedMs = performance.now();

  constructor(private readonly write: (line: string) => void) {}

  line(text: string): void {
    this.write(text);
  }

  title(text: string): void {
    this.write(`\n${text}\n`);
  }

  /** Something that just happened, with the seconds since the start. */
  step(text: string): void {
    const elapsedS = (performance.now() - this.startedMs) / 1000;
    this.write(`${elapsedS.toFixed(2).padStart(6)} s  ${text}`);
  }

  /** A line for each row. */
  rows<T>(rows: readonly T[], columns: Columns<T>): void {
    const cells = rows.map((row) => Object.values(columns).map((of) => of(row)));
    this.table(Object.keys(columns), cells);
  }

  /** One line. */
  row(cells: Readonly<Record<string, Cell>>): void {
    this.table(Object.keys(cells), [Object.values(cells)]);
  }

  /** The first column is aligned to the left, the others to the right. */
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

/** With so many digits after the point; `-` for a value that is not known. */
export function fixed(digits: number, value: number | null): string {
  return value === null ? '-' : value.toFixed(digits);
}

export function percent(share: number | null, digits = 1): string {
  return fixed(digits, share === null ? null : 100 * share);
}
