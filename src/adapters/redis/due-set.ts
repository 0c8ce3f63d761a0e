import type { RedisLink } from './link.js';
import { asList, asText } from './replies.js';
import type { Scripts } from './script.js';

/** Longer than a caller can take between claiming and settling. */
export const CLAIM_MS = 10_000;

export interface Due {
  readonly member: string;
  readonly claim: string;
}

/** Hints when to look whether something's time is up: a sorted set. Claims, and who names what, are told in keys.ts. */
export class DueSet {
  constructor(
    private readonly link: RedisLink,
    private readonly scripts: Scripts,
    private readonly key: string,
    private readonly operation: string,
  ) {}

  /** Due members that nobody else is given for a while. */
  async claim(limit: number): Promise<readonly Due[]> {
    const reply = await this.link.run(this.operation, this.scripts.indexClaimDue, [this.key], [limit, CLAIM_MS]);
    const [claim, ...members] = asList(reply).map(asText);
    return members.map((member) => ({ member, claim: asText(claim) }));
  }

  async putBack({ member, claim }: Due, atMs: number): Promise<void> {
    await this.link.run(this.operation, this.scripts.indexPutBack, [this.key], [member, claim, atMs]);
  }

  /** Lowers the hint of a member that is there. */
  async dueEarlier(member: string, atMs: number): Promise<void> {
    await this.link.run(this.operation, this.scripts.indexDueEarlier, [this.key], [member, atMs]);
  }
}
