/** Settings of sockets, relay sessions and requests: limits, windows, deadlines. */
import { SESSION_BOUNDS } from '../protocol/session-bounds.js';
import { bytes, milliseconds, withDefault } from './key.js';
import { flush, integer } from './values.js';

export const relayKeys = {
  maxMessageBytes: withDefault(integer(1, 1_048_576), '16384', {
    env: 'SALLYPORT_MAX_MESSAGE_BYTES',
    ...bytes,
    doc: 'The longest payload of a relay frame. A longer one closes the connection with 4005. 1 to 1048576.',
  }),
  messagesPerS: withDefault(integer(0, 1_000_000), '1000', {
    env: 'SALLYPORT_MESSAGES_PER_S',
    type: 'integer',
    unit: 'frames a second',
    doc: 'Most frames per second from one connection; the gateway refuses frames over the limit. 0: no limit.',
  }),
  bytesPerS: withDefault(integer(0, 1_073_741_824), '4194304', {
    env: 'SALLYPORT_BYTES_PER_S',
    type: 'integer',
    unit: 'bytes a second',
    doc: 'Most bytes per second from one connection; the gateway refuses frames over the limit. 0: no limit.',
  }),
  workMsPerS: withDefault(integer(0, 1_000), '20', {
    env: 'SALLYPORT_WORK_MS_PER_S',
    type: 'integer',
    unit: 'ms a second',
    doc: 'Most wall-clock time per second that the node spends on the frames of one connection; one frame counts for at most 5 ms. The gateway refuses frames over the limit and logs the connection. 0: no limit.',
  }),
  flushMs: withDefault(flush, 'auto', {
    env: 'SALLYPORT_FLUSH_MS',
    type: '`auto`, or integer',
    unit: 'ms',
    doc: 'How long the gateway gathers entries into one frame, unless the session sets its own value: 0 (until the end of the event-loop turn) to 50, or `auto` to follow the load.',
  }),
  failedHandshakesPerS: withDefault(integer(0, 1_000_000), '50', {
    env: 'SALLYPORT_FAILED_HANDSHAKES_PER_S',
    type: 'integer',
    unit: 'handshakes a second',
    doc: "How many handshakes per second from one address (IPv6: one /64) may fail because of their credential before the gateway answers 429. Behind a proxy, set SALLYPORT_TRUSTED_PROXIES: otherwise all clients share the proxy's address. 0: no limit.",
  }),
  maxBodyBytes: withDefault(integer(1_024, 16_777_216), '65536', {
    env: 'SALLYPORT_MAX_BODY_BYTES',
    ...bytes,
    doc: 'The longest body of an HTTP request. A longer one gets 413. 1024 to 16777216.',
  }),
  resumeWindowMs: withDefault(integer(SESSION_BOUNDS.resumeWindowMs.min, SESSION_BOUNDS.resumeWindowMs.max), '30000', {
    env: 'SALLYPORT_RESUME_WINDOW_MS',
    ...milliseconds,
    doc: 'How long a lost socket keeps its seat, unless the session sets its own value. 0 to 600000 (10 minutes).',
  }),
  sessionTtlS: withDefault(integer(SESSION_BOUNDS.ttlS.min, SESSION_BOUNDS.ttlS.max), '86400', {
    env: 'SALLYPORT_SESSION_TTL_S',
    type: 'integer',
    unit: 's',
    doc: 'Lifetime of a relay session, unless the session sets its own value. 1 to 2592000 (30 days).',
  }),
  replayMaxEntries: withDefault(integer(0, 1_048_576), '4096', {
    env: 'SALLYPORT_REPLAY_MAX_ENTRIES',
    type: 'integer',
    unit: 'entries',
    doc: 'Most reliable entries that a session keeps for members that resume.',
  }),
  replayMaxBytes: withDefault(integer(0, 1_073_741_824), '1048576', {
    env: 'SALLYPORT_REPLAY_MAX_BYTES',
    ...bytes,
    doc: 'Most bytes of reliable entries that a session keeps for members that resume.',
  }),
  heartbeatMs: withDefault(integer(1_000, 120_000), '25000', {
    env: 'SALLYPORT_HEARTBEAT_MS',
    ...milliseconds,
    doc: 'How long a client may be silent before the gateway pings it. 1000 to 120000.',
  }),
  heartbeatTimeoutMs: withDefault(integer(1_000, 120_000), '10000', {
    env: 'SALLYPORT_HEARTBEAT_TIMEOUT_MS',
    ...milliseconds,
    doc: 'How long after the ping a client has to finish a frame or answer; after that its connection is closed with 4202. An unfinished frame counts as silence. 1000 to 120000.',
  }),
  maxBackpressureBytes: withDefault(integer(65_536, 1_073_741_824), '4194304', {
    env: 'SALLYPORT_MAX_BACKPRESSURE_BYTES',
    ...bytes,
    doc: 'Most bytes that may wait for one slow socket before it is closed with 4101. At least 65536, and at least SALLYPORT_MAX_MESSAGE_BYTES.',
  }),
  softBackpressureBytes: withDefault(integer(4_096, 1_073_741_824), '65536', {
    env: 'SALLYPORT_SOFT_BACKPRESSURE_BYTES',
    ...bytes,
    doc: 'Most bytes that may wait for a socket before it leaves the shared path. From then on, the gateway drops volatile entries for it, conflates latest entries, and queues reliable entries separately. At least 4096.',
  }),
  maxBehindMs: withDefault(integer(1_000, 600_000), '15000', {
    env: 'SALLYPORT_MAX_BEHIND_MS',
    ...milliseconds,
    doc: 'How long a socket may stay off the shared path before it is closed with 4101. 1000 to 600000.',
  }),
  requestDeadlineMs: withDefault(integer(100, 120_000), '10000', {
    env: 'SALLYPORT_REQUEST_DEADLINE_MS',
    ...milliseconds,
    doc: 'How long an HTTP request may take before it gets 503. 100 to 120000.',
  }),
  drainTimeoutMs: withDefault(integer(0, 3_600_000), '30000', {
    env: 'SALLYPORT_DRAIN_TIMEOUT_MS',
    ...milliseconds,
    doc: 'The longest time that a stopping node takes to close its connections. It closes one per millisecond, so that clients do not all reconnect at once. 0 to 3600000.',
  }),
};
