/** Standard base64 with padding, strictly: no spaces, no url letters, no stray bits. null for anything else. */
export function decodeBase64(text: string): Uint8Array | null {
  if (!BASE64.test(text)) return null;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : null;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
