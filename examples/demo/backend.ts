/** The game's backend: the five REST calls that the demo makes. */
import { z } from 'zod';
import type { Gateway } from './gateway.js';

const user = z.object({ authorization_token: z.int() });
const session = z.object({
  session_id: z.string(),
  authorization_token: z.int(),
  status: z.string(),
  session_users: z.array(user),
  relay: z.object({ ports: z.object({ client: z.object({ link: z.string() }) }) }).nullable(),
});
const authorized = z.object({ session_user: user });
const kickReport = z.object({ matched: z.int(), closed: z.int(), nodes_timed_out: z.int() });
const receipt = z.object({ seq: z.int(), receivers: z.int() });

export type User = z.output<typeof user>;
export type Session = z.output<typeof session>;

export class Backend {
  constructor(private readonly gateway: Gateway) {}

  /** One user for each address. */
  async createSession(addresses: readonly string[]): Promise<Session> {
    const body = { users: addresses.map((ip) => ({ ip })) };
    return session.parse(await this.call('POST', '/v1/relays/sessions', 'token', body));
  }

  async authorizeUser({ session_id }: Session, address: string): Promise<User> {
    const body = { session_id, user_ip: address };
    const answer = await this.call('POST', '/v1/relays/sessions:authorize-user', 'token', body);
    return authorized.parse(answer).session_user;
  }

  async kick({ session_id }: Session, kicked: User, reason: string): Promise<z.output<typeof kickReport>> {
    const body = { authorization_token: kicked.authorization_token, reason };
    return kickReport.parse(await this.call('POST', `/v1/relays/sessions/${session_id}/kick`, 'Bearer', body));
  }

  /** Sends a reliable message to every member. */
  async send({ session_id }: Session, text: string): Promise<z.output<typeof receipt>> {
    const body = { class: 'reliable', payload_base64: Buffer.from(text).toString('base64') };
    return receipt.parse(await this.call('POST', `/v1/relays/sessions/${session_id}/messages`, 'Bearer', body));
  }

  async endSession({ session_id }: Session): Promise<void> {
    await this.call('DELETE', `/v1/relays/sessions/${session_id}`, 'token');
  }

  /** Rejects when the answer is not 2xx. */
  private async call(method: string, path: string, scheme: 'token' | 'Bearer', body?: object): Promise<unknown> {
    const headers = { authorization: `${scheme} ${this.gateway.key}`, 'content-type': 'application/json' };
    const request = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const response = await fetch(this.gateway.url + path, request);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}

/** The tokens that a game gives its player to connect with: the session's and the user's authorization token. */
export function relayPair(of: Session, { authorization_token }: User): string {
  return `${of.session_id}.${of.authorization_token}.${authorization_token}`;
}
