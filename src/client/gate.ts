/**
 * Holds back the frames right after the first welcome until the caller of `connect()` could add listeners: `ws`
 * delivers several frames in one turn of the event loop.
 */
export class Gate {
  private held: (() => void)[] | null = null;

  /** Holds for as long as a few nested `await`s take: no task of the event loop comes in between. */
  hold(): void {
    this.held = [];
    let turns = Promise.resolve();
    for (let turn = 0; turn < TURNS; turn += 1) turns = turns.then(() => undefined);
    turns.then(this.release, this.release);
  }

  pass(run: () => void): void {
    if (this.held === null) run();
    else this.held.push(run);
  }

  readonly release = (): void => {
    const held = this.held ?? [];
    this.held = null;
    for (const run of held) run();
  };
}

const TURNS = 16;
