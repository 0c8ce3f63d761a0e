/** Cursors of listings: a position that counts up from 1, wrapped so that callers keep out of it. */

export function encodeCursor(position: number): string {
  return Buffer.from(`c1.${position}`, 'latin1').toString('base64url');
}

/** null for anything that `encodeCursor` does not make. */
export function decodeCursor(text: string): number | null {
  const match = /^c1\.([1-9][0-9]{0,15})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  const position = Number(match?.[1]);
  return Number.isSafeInteger(position) && encodeCursor(position) === text ? position : null;
}
