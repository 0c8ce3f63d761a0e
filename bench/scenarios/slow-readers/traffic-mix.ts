/** Of which classes a sender's messages are, in turns. */
import { CLASS, type DeliveryClass } from '../../../src/protocol/wire.js';

export type Mix = readonly DeliveryClass[];

const { volatile: V, latest: L, reliable: R } = CLASS;

export const MIXES = {
  mostlyReliable: [R, R, V, R, R, R, R, L, R, R],
  mixed: [V, L, V, L, R, V, L, V, L, R],
} as const satisfies Record<string, Mix>;
