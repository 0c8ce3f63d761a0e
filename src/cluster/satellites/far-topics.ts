/** At a home: the satellites that have subscribers of each topic. */
import type { Link } from '../links/link.js';

export interface FarTopic {
  /** Names the topic in messages. It is never used again. */
  readonly id: number;
  /** The satellites, each with the number of its subscribers. */
  readonly satellites: Map<Link, number>;
}

export class FarTopics {
  private readonly topics = new Map<string, FarTopic>();
  private lastId = 0;

  find(topic: string): FarTopic | undefined {
    return this.topics.get(topic);
  }

  /** Returns the number of the topic. */
  add(topic: string, satellite: Link): number {
    const known = this.topics.get(topic);
    if (known !== undefined) {
      known.satellites.set(satellite, (known.satellites.get(satellite) ?? 0) + 1);
      return known.id;
    }
    this.lastId += 1;
    this.topics.set(topic, { id: this.lastId, satellites: new Map([[satellite, 1]]) });
    return this.lastId;
  }

  /** Returns the number of the topic. */
  delete(topic: string, satellite: Link): number {
    const known = this.topics.get(topic);
    if (known === undefined) return 0;
    const left = (known.satellites.get(satellite) ?? 1) - 1;
    if (left > 0) known.satellites.set(satellite, left);
    else known.satellites.delete(satellite);
    if (known.satellites.size === 0) this.topics.delete(topic);
    return known.id;
  }
}
