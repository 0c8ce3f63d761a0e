/** Settings of sockets, relay sessions and requests: limits, windows, deadlines. */
import { bytes, milliseconds, withDefault } from './key.js';
import { flush, integer } from './values.js';

export const relayKeys = {
  maxMessageBytes: withDefault(integer(1, 1_048_576), '16384', {
    env: 'SALLYPORT_MAX_MESSAGE_BYTES',
    ...bytes,
    doc: 'The longest payload of a relay frame; a longer one closes the connection with 4005. 1 to 1048576.',
  }),
  messagesPerS: withDefault(integer(0, 1_000_000), '1000', {
    env: 'SALLYPORT_MESSAGES_PER_S',
    type: 'integer',
    unit: 'frames a second',
    doc: 'How many frames a connection may send; those over it are refused. 0: no limit.',
  }),
  bytesPerS: withDefault(integer(0, 1_073_741_824), '4194304', {
    env: 'SALLYPORT_BYTES_PER_S',
    type: 'integer',
    unit: 'bytes a second',
    doc: 'How many bytes a connection may send; frames over it are refused. 0: no limit.',
  }),
  workMsPerS: withDefault(integer(0, 1_000), '20', {
    env: 'SALLYPORT_WORK_MS_PER_S',
    type: 'integer',
    unit: 'ms a second',
    doc: 'How much time of the node the frames of a connection may take, by the clock; each is charged 5 ms at most. Frames over it are refused, and the log names the connection. 0: no limit.',
  }),
  flushMs: withDefault(flush, 'auto', {
    env: 'SALLYPORT_FLUSH_MS',
    type: '`auto`, or integer',
    unit: 'ms',
    doc: 'How long entries are gathered into one frame, for sessions that do not say: 0 (end of the loop turn) to 50, or by load.',
  }),
  failedHandshakesPerS: withDefault(integer(0, 1_000_000), '50', {
    env: 'SALLYPORT_FAILED_HANDSHAKES_PER_S',
    type: 'integer',
    unit: 'handshakes a second',
    doc: 'How many handshakes of one address (IPv6: one /64) may fail for their credential before it is answered 429. Behind a proxy every client has its address: limit there, and set 0 here. 0: no limit.',
  }),
  maxBodyBytes: withDefault(integer(1_024, 16_777_216), '65536', {
    env: 'SALLYPORT_MAX_BODY_BYTES',
    ...bytes,
    doc: 'The longest body of an HTTP request; a longer one answers 413. 1024 to 16777216.',
  }),
  resumeWindowMs: withDefault(integer(0, 3_600_000), '30000', {
    env: 'SALLYPORT_RESUME_WINDOW_MS',
    ...milliseconds,
    doc: 'How long a lost socket keeps its seat, for sessions that do not say. 0 to 3600000.',
  }),
  sessionTtlS: withDefault(integer(1, 2_592_000), '86400', {
    env: 'SALLYPORT_SESSION_TTL_S',
    type: 'integer',
    unit: 's',
    doc: 'How long a relay session lives, for sessions that do not say. 1 to 2592000 (30 days).',
  }),
  replayMaxEntries: withDefault(integer(0, 1_048_576), '4096', {
    env: 'SALLYPORT_REPLAY_MAX_ENTRIES',
    type: 'integer',
    unit: 'entries',
    doc: 'How many reliable entries a session keeps for those who resume.',
  }),
  replayMaxBytes: withDefault(integer(0, 1_073_741_824), '1048576', {
    env: 'SALLYPORT_REPLAY_MAX_BYTES',
    ...bytes,
    doc: 'How many bytes of reliable entries a session keeps for those who resume.',
  }),
  heartbeatMs: withDefault(integer(1_000, 120_000), '25000', {
    env: 'SALLYPORT_HEARTBEAT_MS',
    ...milliseconds,
    doc: 'How often a client should be heard from at least; one that is silent for that long is pinged. 1000 to 120000.',
  }),
  heartbeatTimeoutMs: withDefault(integer(1_000, 120_000), '10000', {
    env: 'SALLYPORT_HEARTBEAT_TIMEOUT_MS',
    ...milliseconds,
    doc: 'How long after that ping a client has to finish a frame or to answer, or is closed with 4202. A frame that drips in counts as silence until it is whole. 1000 to 120000.',
  }),
  maxBackpressureBytes: withDefault(integer(65_536, 1_073_741_824), '4194304', {
    env: 'SALLYPORT_MAX_BACKPRESSURE_BYTES',
    ...bytes,
    doc: 'How much may wait for one slow socket before it is closed with 4101. At least 65536, and at least SALLYPORT_MAX_MESSAGE_BYTES.',
  }),
  softBackpressureBytes: withDefault(integer(4_096, 1_073_741_824), '65536', {
    env: 'SALLYPORT_SOFT_BACKPRESSURE_BYTES',
    ...bytes,
    doc: 'How much may wait for a socket before it leaves the shared path: from then on volatile entries are dropped for it, latest ones conflated, reliable ones kept in a queue of its own. At least 4096.',
  }),
  maxBehindMs: withDefault(integer(1_000, 600_000), '15000', {
    env: 'SALLYPORT_MAX_BEHIND_MS',
    ...milliseconds,
    doc: 'How long a socket may stay off the shared path before it is closed with 4101. 1000 to 600000.',
  }),
  requestDeadlineMs: withDefault(integer(100, 120_000), '10000', {
    env: 'SALLYPORT_REQUEST_DEADLINE_MS',
    ...milliseconds,
    doc: 'How long an HTTP request may take before it answers 503. 100 to 120000.',
  }),
  drainTimeoutMs: withDefault(integer(0, 3_600_000), '30000', {
    env: 'SALLYPORT_DRAIN_TIMEOUT_MS',
    ...milliseconds,
    doc: 'The longest a stopping node takes to close its connections, which it spreads at one a millisecond so that they come back spread as well. 0 to 3600000.',
  }),
};
