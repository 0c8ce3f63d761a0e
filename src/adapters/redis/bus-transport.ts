/**
 * Carries node bus envelopes over Redis pub/sub, on two connections of its own: one sends, one receives. On a cluster it
 * uses sharded pub/sub (SPUBLISH): with plain PUBLISH, every server of the cluster would carry every channel.
 */
import { Cluster, type Redis } from 'ioredis';
import type { BusTransport } from '../../ports/bus-transport.js';
import type { Log } from '../../ports/log.js';
import type { NodeId } from '../../protocol/ids.js';
import { commandRefusedIn, connectTo, keepConnecting, reasonOf, within } from './connect.js';
import { lacksRight } from './failures.js';
import { createKeys } from './keys.js';

/** How long a start waits for the subscriptions, in ms. */
const START_WAIT_MS = 2_000;
const SUBSCRIBE_DEADLINE_MS = 1_000;
const RETRY_SUBSCRIBE_MS = 200;
/** Most bytes kept in memory while Redis does not read. */
const MAX_UNSENT_BYTES = 8 * 1024 * 1024;

export interface RedisBusOptions {
  /** See `parseRedisUrl`. It never reaches a log or an error. */
  readonly url: string;
  readonly keyPrefix: string;
  readonly self: NodeId;
  readonly log: Log;
}

/** Throws when the URL cannot be read. */
export function createRedisBusTransport({ url, keyPrefix, self, log }: RedisBusOptions): BusTransport {
  const { busChannel } = createKeys(keyPrefix);
  const publisher = connectTo(url);
  const subscriber = new Subscriber(() => connectTo(url, 'subscriber'), [busChannel(self), busChannel('all')], log);
  let isRefused: Error | null = null;
  let isStopped = false;
  publisher.on('error', () => undefined);
  keepConnecting(publisher, () => isStopped);
  return {
    send: (to, envelope) => {
      if (publisher.status !== 'ready' || unsentBytes(publisher) > MAX_UNSENT_BYTES) return;
      const bytes = Buffer.from(envelope);
      const sent =
        publisher instanceof Cluster
          ? publisher.spublish(busChannel(to), bytes)
          : publisher.publish(busChannel(to), bytes);
      // The receiver notices the missing envelope by its number.
      sent.then(
        () => {
          isRefused = null;
        },
        (error: unknown) => {
          isRefused = lacksRight(error) ? error : null;
        },
      );
    },
    start: async (receive) => {
      const connected = publisher.connect().catch(() => undefined);
      await within(START_WAIT_MS, Promise.all([connected, subscriber.start(receive)])).catch(() => undefined);
    },
    refusal: () => {
      const refused = isRefused ?? subscriber.refused;
      return refused === null ? null : describeRefusal(refused, keyPrefix);
    },
    reconnect: () => {
      subscriber.reconnect();
    },
    stop: () => {
      isStopped = true;
      subscriber.stop();
      publisher.disconnect();
      return Promise.resolve();
    },
  };
}

class Subscriber {
  /** Why the last attempt to subscribe was refused for a missing right. */
  refused: Error | null = null;
  #isStopped = false;
  #client: Redis | Cluster | null = null;
  #receive: (envelope: Uint8Array) => void = () => undefined;

  constructor(
    private readonly connect: () => Redis | Cluster,
    private readonly channels: readonly string[],
    private readonly log: Log,
  ) {}

  /** Resolves when the first subscriptions are active. */
  start(receive: (envelope: Uint8Array) => void): Promise<void> {
    this.#receive = receive;
    return new Promise((resolve) => {
      this.open(resolve);
    });
  }

  /**
   * With a new client: when a master of a cluster dies, the ioredis client may wait for its connection to that server for
   * ever, and finds no server for the channels after each of its own reconnects.
   */
  reconnect(): void {
    const client = this.#client;
    if (this.#isStopped || client?.status !== 'ready') return;
    this.#client = null;
    client.disconnect();
    this.open(() => undefined);
  }

  stop(): void {
    this.#isStopped = true;
    this.#client?.disconnect();
  }

  private open(onSubscribed: () => void): void {
    const client = this.connect();
    this.#client = client;
    const event = client instanceof Cluster ? 'smessageBuffer' : 'messageBuffer';
    client.on(event, (_channel: Buffer, envelope: Buffer) => {
      if (client === this.#client) this.#receive(envelope);
    });
    client.on('error', () => undefined);
    keepConnecting(client, () => this.#isStopped || client !== this.#client);
    client.on('ready', () => {
      this.subscribe(client).then(onSubscribed, (error: unknown) => {
        if (this.#isStopped || client !== this.#client) return;
        this.refused = lacksRight(error) ? error : null;
        this.log.warn('bus_subscribe_failed', { reason: reasonOf(error) });
        setTimeout(() => {
          if (client === this.#client) this.reconnect();
        }, RETRY_SUBSCRIBE_MS).unref();
      });
    });
    client.connect().catch(() => undefined);
  }

  /** Sends one command per channel: a cluster refuses a command with channels of several slots. */
  private async subscribe(client: Redis | Cluster): Promise<void> {
    const subscribed = this.channels.map((channel) =>
      client instanceof Cluster ? client.ssubscribe(channel) : client.subscribe(channel),
    );
    await within(SUBSCRIBE_DEADLINE_MS, Promise.all(subscribed));
    this.refused = null;
  }
}

function describeRefusal(error: Error, keyPrefix: string): string {
  const command = commandRefusedIn(error);
  const what = command === null ? `channels ${createKeys(keyPrefix).busChannels}` : `command ${command}`;
  return `NOPERM: the user of the connection has no right to the ${what}`;
}

function unsentBytes(client: Redis | Cluster): number {
  return client instanceof Cluster ? 0 : client.stream.writableLength;
}
