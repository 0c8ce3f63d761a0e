/**
 * The frames that carry presence states. The gateway keeps and sends a state as the JSON text that its member sent, so
 * that passing on a state of any shape costs no more than its bytes.
 */
import type { Brand } from '../lib/brand.js';
import { writeExactJson } from '../lib/exact-json.js';
import type { MemberView, Welcome } from './server-control.js';

/** A presence state: JSON text of at most `MAX_STATE_BYTES`, accepted from a member. */
export type StateText = Brand<string, 'StateText'>;

/** A member as the others see it, with its state as text. */
export interface PresentMember extends Omit<MemberView, 'state'> {
  readonly state: StateText;
}

/** Brands text that the caller has checked: JSON within its bounds. */
export function stateTextOf(text: string): StateText {
  // eslint-disable-next-line @typescript-eslint/consistent-type-assertions -- the one constructor of the brand
  return text as StateText;
}

/** The state of a member that has not set one yet. */
export const NO_STATE = stateTextOf('null');

export function encodeMemberState(index: number, state: StateText): string {
  return `{"type":"member.state","index":${String(index)},"state":${state}}`;
}

/** `member` comes from `encodeMember`. */
export function encodeMemberJoined(member: string): string {
  return `{"type":"member.joined","member":${member}}`;
}

/** `members` come from `encodeMember`: in a large room they are encoded once for many welcomes. */
export function encodeWelcome(welcome: Omit<Welcome, 'members'>, members: readonly string[]): string {
  const { type, protocol, session, you, ...others } = welcome;
  const before = writeExactJson({ type, protocol, session, you }).slice(0, -1);
  const behind = JSON.stringify(others).slice(1);
  return `${before},"members":[${members.join(',')}],${behind}`;
}

export function encodeMember({ index, user_id, role, connected, state }: PresentMember): string {
  const who = `"index":${String(index)},"user_id":${JSON.stringify(user_id)}`;
  return `{${who},"role":"${role}","connected":${String(connected)},"state":${state}}`;
}
