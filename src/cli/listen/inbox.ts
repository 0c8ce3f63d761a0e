/** Checks each delivery, prints its event, and passes it on when the user asked for it. */
import { verifyWebhook, WebhookError } from '../../client/webhooks.js';
import { parseExactJson, writeExactJson } from '../../lib/exact-json.js';
import { shownEvent, type ShownEvent } from '../rest/answers.js';
import { eventLine } from '../rest/event-line.js';
import type { Terminal } from '../terminal.js';
import { printable } from '../text.js';
import type { ReceivedCall } from './receiver.js';

export interface InboxOptions {
  /** Where each delivery goes as it came; null: nowhere. */
  readonly forward: string | null;
  readonly isJson: boolean;
}

const DONE = 204;
const WRONG = 400;
const BAD_GATEWAY = 502;
/** Less than the 15 s that the gateway waits for an answer. */
const FORWARD_TIMEOUT_MS = 14_000;
const PASSED_ON = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
const TEST_TYPE = 'webhook.test';

export class Inbox {
  /** Until the command is ready, test events are its own: they are neither shown nor passed on. */
  isReady = false;
  /** Whether a test event came before the command was ready. */
  isProbed = false;

  /** `secret`: deliveries that come before it is known wait for it. */
  constructor(
    private readonly secret: Promise<string>,
    private readonly options: InboxOptions,
    private readonly terminal: Pick<Terminal, 'print' | 'note'>,
  ) {}

  /** Gives the status of the answer. */
  async take(call: ReceivedCall): Promise<number> {
    const event = this.eventOf(call, await this.secret);
    if (event === null) return WRONG;
    if (!this.isReady && event.type === TEST_TYPE) {
      this.isProbed = true;
      return DONE;
    }
    const text = call.body.toString('utf8');
    this.terminal.print(this.options.isJson ? `${writeExactJson(parseExactJson(text, 'whole'))}\n` : eventLine(event));
    const { forward } = this.options;
    return forward === null ? DONE : this.passOn(forward, call, text);
  }

  /** null, and a note, when the gateway did not send it. */
  private eventOf({ headers, body }: ReceivedCall, secret: string): ShownEvent | null {
    try {
      const event: unknown = verifyWebhook(body, headers, secret);
      if (shownEvent.is(event)) return event;
      this.terminal.note('Refused an event of an unknown form: is the version of the gateway another one?\n');
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      this.terminal.note(`Refused a request: ${error.message} (${error.code})\n`);
    }
    return null;
  }

  private async passOn(url: string, { headers }: ReceivedCall, body: string): Promise<number> {
    const proof = PASSED_ON.map((name) => [name, String(headers[name])] as const);
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...Object.fromEntries(proof) },
      body,
    };
    try {
      const signal = AbortSignal.timeout(FORWARD_TIMEOUT_MS);
      const response = await fetch(url, { ...init, redirect: 'manual', signal });
      await response.body?.cancel();
      if (!response.ok) this.terminal.note(`The target of --forward answered ${response.status}.\n`);
      return response.status;
    } catch (error) {
      const cause: unknown = error instanceof Error ? (error.cause ?? error) : error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.terminal.note(`The target of --forward did not answer: ${printable(reason)}\n`);
      return BAD_GATEWAY;
    }
  }
}
