/**
 * The announcements about the members of a large room. Each would cost a system call for each member: 2,000 joins, one
 * after the other, took 19 s of CPU. So they wait a moment, and each member gets several of them in one write. A
 * newcomer's welcome names every member, so the newcomer joins the shared path behind the announcements from before it.
 */
import type { Audience } from '../../ports/audience.js';
import type { FlushSchedule, Flushable } from './flush-schedule.js';
import type { Outlet } from './outlet.js';

const HOLD_MS = 50;
/** When so many wait, or so many characters, they leave at the end of the turn. */
const MANY = 64;
const MANY_CHARS = 32 * 1024;

type Waiting =
  /** `except`: the member that does not get it; null: everybody does. */
  | { readonly kind: 'text'; readonly text: string; readonly except: number | null }
  /** The outlet gets what follows. */
  | { readonly kind: 'newcomer'; readonly outlet: Outlet };

export class Announcements implements Flushable {
  private readonly waiting: Waiting[] = [];
  /** The members that texts wait about. */
  private readonly members = new Set<number>();
  private texts = 0;
  private chars = 0;
  /** Whether the schedule will flush: after the window, and at the end of the turn. */
  private isDue = false;
  private isDueNow = false;

  constructor(
    private readonly audience: Audience,
    private readonly schedule: FlushSchedule,
  ) {}

  get flushMs(): number {
    return this.isDueNow ? 0 : HOLD_MS;
  }

  /** Whether an announcement about the member waits: whatever else the others get of it must come later. */
  has(index: number): boolean {
    return this.members.has(index);
  }

  /** Announces a text about a member within 50 ms. Everything that the room accepted before it was sent. */
  add(text: string, about: number, except: number | null): void {
    this.waiting.push({ kind: 'text', text, except });
    this.members.add(about);
    this.texts += 1;
    this.chars += text.length;
    if (!this.isDue) {
      this.isDue = true;
      this.schedule.mark(this);
    }
    if (this.isDueNow || (this.texts < MANY && this.chars < MANY_CHARS)) return;
    // Not at once: this may be inside a join, where each text to each member is a system call.
    this.isDueNow = true;
    this.schedule.mark(this);
  }

  /** From now on the outlet gets what its room sends, and none of the announcements that wait. */
  begin(outlet: Outlet): void {
    if (this.waiting.length === 0) outlet.begin();
    else this.waiting.push({ kind: 'newcomer', outlet });
  }

  /** Called by the schedule. A release in between makes a call come early, which is allowed. */
  flush(): void {
    this.isDue = false;
    this.isDueNow = false;
    this.release();
  }

  /** Sends what waits, in order. Must come before anything else that goes to everybody. */
  release(): void {
    // An announcement may cause another one, which must not overtake the rest.
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (next.kind === 'text') this.audience.announce(next.text, next.except);
      else next.outlet.begin();
    }
    this.members.clear();
    this.texts = 0;
    this.chars = 0;
  }
}
