/** Counts the questions that wait for an answer, per target and in all, and refuses more than the bounds. */

export interface QuestionBounds {
  readonly perTarget: number;
  readonly inAll: number;
}

export class QuestionSlots {
  private readonly byTarget = new Map<string, number>();
  private total = 0;

  constructor(private readonly bounds: QuestionBounds) {}

  get taken(): number {
    return this.total;
  }

  /** False: there is no slot. */
  take(target: string): boolean {
    const taken = this.byTarget.get(target) ?? 0;
    if (taken >= this.bounds.perTarget || this.total >= this.bounds.inAll) return false;
    this.byTarget.set(target, taken + 1);
    this.total += 1;
    return true;
  }

  giveBack(target: string): void {
    const taken = this.byTarget.get(target) ?? 0;
    if (taken > 1) this.byTarget.set(target, taken - 1);
    else this.byTarget.delete(target);
    this.total -= 1;
  }
}
