/**
 * Which message each reliable number of a room stands for. The first member that is told a number writes it down; the
 * gateway must tell all others the same.
 */

/** A line holds the sender and the number of its reliable message. It is one number because there are millions. */
const SENDER = 2 ** 32;
const NOBODY = -1;

export class Numbering {
  private readonly lines: number[] = [NOBODY];

  /** The newest number that any member was told. */
  get last(): number {
    return this.lines.length - 1;
  }

  /** False when another member was told that the number stands for another message. */
  onTold(seq: number, sender: number, number: number): boolean {
    while (this.lines.length <= seq) this.lines.push(NOBODY);
    const line = sender * SENDER + number;
    const known = this.lines[seq] ?? NOBODY;
    if (known !== NOBODY) return known === line;
    this.lines[seq] = line;
    return true;
  }

  /** undefined for a number that no member was told. */
  senderOf(seq: number): number | undefined {
    const line = this.lines[seq] ?? NOBODY;
    return line === NOBODY ? undefined : Math.floor(line / SENDER);
  }

  /** Senders whose messages the gateway numbered in another order than they were sent. */
  disordered(): number[] {
    const newest = new Map<number, number>();
    const found = new Set<number>();
    for (const line of this.lines) {
      if (line === NOBODY) continue;
      const sender = Math.floor(line / SENDER);
      if (line % SENDER <= (newest.get(sender) ?? 0)) found.add(sender);
      newest.set(sender, line % SENDER);
    }
    return [...found];
  }
}
