/** The arguments that a command takes: flags, and operands after its words. */

export interface Flag {
  /** Without the leading dashes. */
  readonly name: string;
  /** One letter. */
  readonly short?: string;
  readonly about: string;
  /** How help names the value; absent for a flag without one. */
  readonly value?: string;
  /** The only values that the flag takes. */
  readonly choices?: readonly string[];
  readonly isRepeatable?: boolean;
  /** The variable that counts when the flag is absent. */
  readonly variable?: string;
  /** Left out of help and completion. */
  readonly isHidden?: boolean;
}

export interface Operand {
  /** In capitals, as help shows it. */
  readonly name: string;
  readonly about: string;
  readonly isOptional?: boolean;
  /** The only values that the operand takes. */
  readonly choices?: readonly string[];
}
