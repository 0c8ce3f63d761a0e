/** A bounded number of places. No owner gets more than half of them, so that one project leaves room for the others. */
export class Places {
  private readonly byOwner = new Map<string, number>();
  private all = 0;

  constructor(private readonly most: number) {}

  get taken(): number {
    return this.all;
  }

  hasRoom(owner: string): boolean {
    return this.all < this.most && (this.byOwner.get(owner) ?? 0) < Math.ceil(this.most / 2);
  }

  /** False: no place is free for this owner. */
  take(owner: string): boolean {
    if (!this.hasRoom(owner)) return false;
    this.byOwner.set(owner, (this.byOwner.get(owner) ?? 0) + 1);
    this.all += 1;
    return true;
  }

  /** Gives back what `take` gave. */
  leave(owner: string): void {
    const own = this.byOwner.get(owner) ?? 0;
    if (own <= 1) this.byOwner.delete(owner);
    else this.byOwner.set(owner, own - 1);
    this.all -= 1;
  }
}
