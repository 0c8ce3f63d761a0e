/** Cursors of lists: a position counted from 1, encoded so that callers treat it as opaque. */

export function encodeCursor(position: number): string {
  return Buffer.from(`c1.${position}`, 'latin1').toString('base64url');
}

/** null unless `encodeCursor` made the text. */
export function decodeCursor(text: string): number | null {
  const match = /^c1\.([1-9][0-9]{0,15})$/.exec(Buffer.from(text, 'base64url').toString('latin1'));
  const position = Number(match?.[1]);
  return Number.isSafeInteger(position) && encodeCursor(position) === text ? position : null;
}
