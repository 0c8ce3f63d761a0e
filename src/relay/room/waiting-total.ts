/** Counts what waits for the store in all durable rooms of this node, and bounds it. */
export interface WaitingBounds {
  readonly maxRoomBytes: number;
  readonly maxNodeBytes: number;
}

export class WaitingTotal {
  private waitingBytes = 0;
  private waitingEntries = 0;

  constructor(private readonly bounds: WaitingBounds) {}

  get bytes(): number {
    return this.waitingBytes;
  }

  get entries(): number {
    return this.waitingEntries;
  }

  /** `roomBytes`: what waits in the room already. */
  hasRoomFor(roomBytes: number, bytes: number): boolean {
    const { maxRoomBytes, maxNodeBytes } = this.bounds;
    return roomBytes + bytes <= maxRoomBytes && this.waitingBytes + bytes <= maxNodeBytes;
  }

  add(bytes: number, entries: number): void {
    this.waitingBytes += bytes;
    this.waitingEntries += entries;
  }
}
