/**
 * What one room's reliable numbers stand for, put together from what its members were told: whoever hears of a number
 * first writes it down, and everybody else has to be told the same.
 */
interface Line {
  readonly sender: number;
  /** The how manyeth reliable message of its sender. */
  readonly number: number;
}

export class RoomBook {
  private readonly lines: (Line | undefined)[] = [];

  /** The newest number that anybody was told. */
  get last(): number {
    return Math.max(0, this.lines.length - 1);
  }

  /** False when somebody else was told that the number stands for another message. */
  onTold(seq: number, sender: number, number: number): boolean {
    const known = this.lines[seq];
    if (known !== undefined) return known.sender === sender && known.number === number;
    this.lines[seq] = { sender, number };
    return true;
  }

  /** undefined for a number that nobody was told. */
  senderOf(seq: number): number | undefined {
    return this.lines[seq]?.sender;
  }

  /** Senders whose messages were numbered in another order than they were sent. */
  disordered(): number[] {
    const newest = new Map<number, number>();
    const found = new Set<number>();
    for (const line of this.lines) {
      if (line === undefined) continue;
      if (line.number <= (newest.get(line.sender) ?? 0)) found.add(line.sender);
      newest.set(line.sender, line.number);
    }
    return [...found];
  }
}
