import type { LogFields } from '../../ports/log.js';

/** Names of fields that hold secrets. This is a second safeguard: such fields should not be logged at all. */
const SECRET_NAME =
  /secret|token|password|passphrase|authorization|cookie|credential|bearer|jwt|lsid|(api|root|private|signing)_?key|redis_?url/i;
/** Fields about a secret rather than the secret itself: `credential_kind`, `tokens_revoked_count`. */
const HARMLESS_NAME = /_(kind|count|ms|bytes)$/;

export const REDACTED = '[redacted]';

/** Replaces the values of fields whose names look like secrets. Numbers too: authorization tokens are numbers. */
export function redactFields(fields: LogFields): LogFields {
  if (!Object.keys(fields).some(isSecretName)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isSecretName(name) && typeof value !== 'boolean' && value !== null && value !== undefined ? REDACTED : value,
    ]),
  );
}

function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}
