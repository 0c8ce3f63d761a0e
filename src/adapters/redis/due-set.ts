import type { RedisLink } from './link.js';
import { asList, asText } from './replies.js';
import type { Scripts } from './script.js';

/** How long a claim holds: longer than any caller needs to settle what it claimed. */
export const CLAIM_MS = 10_000;

export interface Due {
  readonly member: string;
  readonly claim: string;
}

/** A sorted set of hints: when to check whether an item has expired. keys.ts explains claims. */
export class DueSet {
  constructor(
    private readonly link: RedisLink,
    private readonly scripts: Scripts,
    private readonly key: string,
    private readonly operation: string,
  ) {}

  /** Claims due members: no other caller gets them for `CLAIM_MS`. */
  async claim(limit: number): Promise<readonly Due[]> {
    const reply = await this.link.run(this.operation, this.scripts.indexClaimDue, [this.key], [limit, CLAIM_MS]);
    const [claim, ...members] = asList(reply).map(asText);
    return members.map((member) => ({ member, claim: asText(claim) }));
  }

  async putBack({ member, claim }: Due, atMs: number): Promise<void> {
    await this.link.run(this.operation, this.scripts.indexPutBack, [this.key], [member, claim, atMs]);
  }

  /** Lowers a member's hint. Does nothing when the member does not exist. */
  async dueEarlier(member: string, atMs: number): Promise<void> {
    await this.link.run(this.operation, this.scripts.indexDueEarlier, [this.key], [member, atMs]);
  }
}
