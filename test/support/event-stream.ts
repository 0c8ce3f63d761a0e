/** Reads a stream of server-sent events over Node's own HTTP client. */
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { eventually } from './eventually.js';
import { ROOT_KEY } from './gateway.js';

export interface StreamedEvent {
  readonly id: string;
  readonly event: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- parsed JSON of a black box
  readonly data: any;
  /** The text of `data`. */
  readonly raw: string;
}

export interface StreamOptions {
  readonly key?: string;
  readonly lastEventId?: string;
}

export class EventStreamReader {
  readonly events: StreamedEvent[] = [];
  readonly comments: string[] = [];
  lastId: string;
  /** `end`: whole. `error`: cut off. */
  closed: 'end' | 'error' | null = null;
  private rest = '';

  private constructor(
    private readonly outgoing: ClientRequest,
    readonly response: IncomingMessage,
    lastId: string,
  ) {
    this.lastId = lastId;
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      this.take(part);
    });
    response.on('end', () => (this.closed ??= 'end'));
    response.on('error', () => (this.closed ??= 'error'));
  }

  static open(url: string, path: string, options: StreamOptions = {}): Promise<EventStreamReader> {
    const { key = ROOT_KEY, lastEventId = '' } = options;
    return new Promise((resolve, reject) => {
      const outgoing = request(url + path, {
        agent: false,
        headers: {
          accept: 'text/event-stream',
          authorization: `Bearer ${key}`,
          ...(lastEventId === '' ? {} : { 'last-event-id': lastEventId }),
        },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        resolve(new EventStreamReader(outgoing, response, lastEventId));
      });
      outgoing.end();
    });
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  /** Without what is not part of the stream: the text of an answer that is none. */
  get text(): string {
    return this.rest;
  }

  async until(count: number): Promise<readonly StreamedEvent[]> {
    await eventually(() =>
      this.events.length >= count ? null : `${String(this.events.length)} of ${String(count)} events`,
    );
    return this.events;
  }

  async end(): Promise<'end' | 'error'> {
    await eventually(() => (this.closed === null ? 'the stream is open' : null));
    return this.closed ?? 'error';
  }

  leave(): void {
    this.outgoing.destroy();
  }

  private take(part: string): void {
    this.rest += part;
    for (let at = this.rest.indexOf('\n\n'); at !== -1; at = this.rest.indexOf('\n\n')) {
      this.block(this.rest.slice(0, at));
      this.rest = this.rest.slice(at + 2);
    }
  }

  private block(text: string): void {
    const fields = new Map<string, string>();
    for (const line of text.split('\n')) {
      const colon = line.indexOf(':');
      if (colon === 0) this.comments.push(line.slice(1).trim());
      else fields.set(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    this.lastId = fields.get('id') ?? this.lastId;
    const data = fields.get('data');
    if (data !== undefined)
      this.events.push({
        id: this.lastId,
        event: fields.get('event') ?? '',
        data: JSON.parse(data) as unknown,
        raw: data,
      });
  }
}
