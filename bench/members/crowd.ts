/** All players of a run in their rooms, on one gateway: joins them, waits until nothing is on its way, and judges. */
import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryClass } from '../../src/protocol/wire.js';
import type { Flaws } from '../book/receipts.js';
import { Numbering } from '../book/numbering.js';
import { Backend } from '../rest/backend.js';
import { sumOf } from '../measure/statistics.js';
import { demand } from '../processes/changes.js';
import { ReadBuffer } from '../client/frame-reader.js';
import { openSessions } from '../rest/seats.js';
import { Player, type PlayerEvents } from './player.js';

export interface CrowdPlan {
  readonly url: string;
  readonly key: string;
  readonly clients: number;
  readonly roomsOf: number;
  readonly payloadBytes: number;
  readonly wantsAcks: boolean;
}

export interface Room {
  readonly numbering: Numbering;
  readonly players: readonly Player[];
}

const JOIN_AT_ONCE = 32;
const JOIN_MS = 30_000;
const SETTLE_MS = 15_000;
const LOOK_MS = 25;

export class Crowd {
  private pings = 0;

  private constructor(readonly rooms: readonly Room[]) {}

  /** Opens the rooms, and joins all players. */
  static async gather(plan: CrowdPlan, events: PlayerEvents): Promise<Crowd> {
    const { clients, roomsOf, payloadBytes, wantsAcks } = plan;
    const seats = await openSessions(new Backend(plan.url, plan.key), { clients, roomsOf });
    const buffer = new ReadBuffer();
    const rooms = seats.endpoints.map((endpoint, room): Room => {
      const numbering = new Numbering();
      const first = room * roomsOf;
      const players = seats.handshakes.slice(first, first + roomsOf).map((handshake, place) => {
        const own = { id: first + place, endpoint, handshake, roomsOf, payloadBytes, wantsAcks };
        return new Player(own, numbering, buffer, events);
      });
      return { numbering, players };
    });
    const crowd = new Crowd(rooms);
    await crowd.join();
    return crowd;
  }

  get players(): Player[] {
    return this.rooms.flatMap(({ players }) => players);
  }

  sent(deliveryClass: DeliveryClass): number {
    return sumOf(this.players, ({ sent }) => sent[deliveryClass]);
  }

  /**
   * Waits until all players have joined, the gateway has read all that they sent, and all known entries have arrived;
   * then once more for second copies, which must not arrive. Missing entries do not make it fail: `flaws` tells them.
   */
  async settle(): Promise<void> {
    await this.until('all players have joined', () => this.players.every(({ isSettled }) => isSettled));
    await this.roundTrip();
    const isAllHere = (): boolean => this.players.every(({ receipts, index }) => receipts.isComplete(index));
    await this.until('every reliable entry arrives', isAllHere).catch(() => undefined);
    await this.roundTrip();
  }

  flaws(): Flaws {
    const sum = { lost: 0, repeated: 0, misnumbered: 0, damaged: 0, wrongGaps: 0 };
    for (const { receipts, index, unrecovered } of this.players) {
      const own = receipts.flaws(index);
      sum.lost += own.lost;
      sum.repeated += own.repeated;
      sum.misnumbered += own.misnumbered;
      sum.damaged += own.damaged;
      sum.wrongGaps += own.wrongGaps + Math.abs(unrecovered - receipts.gaps);
    }
    return sum;
  }

  /** Rooms that numbered a sender's messages in another order than the sender sent them. */
  disorderedRooms(): number {
    return this.rooms.filter(({ numbering }) => numbering.disordered().length > 0).length;
  }

  stop(): void {
    for (const player of this.players) player.stop();
  }

  private async join(): Promise<void> {
    const { players } = this;
    for (let first = 0; first < players.length; first += JOIN_AT_ONCE) {
      const some = players.slice(first, first + JOIN_AT_ONCE);
      for (const player of some) player.connect();
      const areIn = (): boolean =>
        some.every(({ isSettled, ended }) => {
          demand(ended === null, `not all players joined: ${ended ?? ''}`);
          return isSettled;
        });
      await this.until('all players join', areIn, JOIN_MS);
    }
  }

  /** Afterwards the gateway has read all that players sent before, and they have got all that was sent to them. */
  private async roundTrip(): Promise<void> {
    this.pings += 1;
    for (const player of this.players) player.ping(this.pings);
    await this.until('all pings are answered', () => this.players.every(({ ponged }) => ponged === this.pings));
  }

  private async until(what: string, isSo: () => boolean, withinMs = SETTLE_MS): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (!isSo()) {
      demand(performance.now() < deadlineMs, `${what}: not within ${withinMs} ms`);
      await pause(LOOK_MS);
    }
  }
}
