/** Messages that a backend sends into a relay session. */
import { z } from 'zod';
import { CLASS, MAX_TARGETS } from '../../protocol/wire.js';
import type { MemberIndex } from '../../protocol/ids.js';
import type { LiveSessions } from '../../relay/sessions/live-sessions.js';
import * as field from '../fields.js';
import { list } from '../list-field.js';
import { defineRoute, type Route } from '../route.js';
import { decodeBase64 } from './base64.js';

export interface RelayMessageRoutesDeps {
  readonly live: Pick<LiveSessions, 'send'>;
  /** For the document; the relay itself refuses a longer message. */
  readonly maxMessageBytes: number;
}

export function relayMessageRoutes({ live, maxMessageBytes }: RelayMessageRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      name: 'sendRelayMessage',
      summary: 'Send a message to the members of a relay session, or to some of them, as the backend.',
      method: 'POST',
      path: '/v1/relays/sessions/{session_id}/messages',
      scope: 'relays',
      params: z.object({ session_id: field.sessionId }),
      notFound: 'session_not_found',
      body: messageBody(maxMessageBytes),
      responses: {
        200: z
          .object({
            seq: z.int().min(0).nullable().describe('The number of a reliable message; null for the other classes.'),
            receivers: field.quantity,
          })
          .meta({ id: 'MessageReceipt' }),
      },
      errors: [
        'session_not_found',
        'unknown_member',
        'message_too_big',
        'home_elsewhere',
        'home_unreachable',
        'session_not_linked',
      ],
      async handle({ caller, params, body }) {
        const { seq, receivers } = await live.send(caller.sees, params.session_id, {
          deliveryClass: CLASS[body.class],
          key: body.key ?? 0,
          targets: body.targets ?? null,
          payload: body.payload_base64,
        });
        return { status: 200, body: { seq, receivers } };
      },
    }),
  ];
}

interface MessageBody {
  readonly class: keyof typeof CLASS;
  readonly key?: number | undefined;
  readonly targets?: readonly MemberIndex[] | undefined;
  readonly payload_base64: Uint8Array;
}

function messageBody(maxMessageBytes: number): z.ZodType<MessageBody> {
  return z
    .strictObject({
      class: z.enum(['volatile', 'latest', 'reliable']),
      key: z.int().min(0).max(0xffff).optional(),
      targets: list(field.memberIndex, { min: 1, max: MAX_TARGETS }).optional(),
      payload_base64: field.parsed(decodeBase64, 'not base64 (standard alphabet, padded)').meta({
        contentEncoding: 'base64',
        maxLength: Math.ceil(maxMessageBytes / 3) * 4,
      }),
    })
    .superRefine((message, context) => {
      const needsKey = message.class === 'latest';
      if (needsKey && message.key === undefined) {
        context.addIssue({ code: 'custom', path: ['key'], message: 'required for class latest' });
      }
      if (!needsKey && message.key !== undefined) {
        context.addIssue({ code: 'custom', path: ['key'], message: 'allowed for class latest only' });
      }
    });
}
