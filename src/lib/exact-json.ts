/**
 * JSON that is kept for a caller and shown again. JavaScript would change some of its numbers: 76561198012345679 to
 * ...680, 1e400 to null, -0 to 0, 1.0 to 1. Parsing puts a stand-in with the number's text in its place, and writing puts
 * the text back. Everything between sees plain data that can be cloned and frozen.
 */

/** The one member of a stand-in. Random, so that no caller can write one. */
const STAND_IN = crypto.randomUUID();
const WRITTEN_STAND_IN = new RegExp(`\\{"${STAND_IN}":"([-+.0-9eE]+)"\\}`, 'g');
/** True of every text with a number that JavaScript writes otherwise, and of few others. */
const PERHAPS_INEXACT = /[0-9][.eE]|-0|[0-9]{16}/;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;

/** `whole`: every number of the value. Otherwise the numbers inside the objects that these members of it hold. */
export type Kept = 'whole' | ReadonlySet<string>;

/** As `JSON.parse`. The text must be within bounds. */
export function parseExactJson(text: string, kept: Kept): unknown {
  const value: unknown = JSON.parse(PERHAPS_INEXACT.test(text) ? withStandIns(text, kept) : text);
  return value;
}

/** As `JSON.stringify`, with the kept numbers as they were sent. */
export function writeExactJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.includes(STAND_IN) ? text.replace(WRITTEN_STAND_IN, '$1') : text;
}

/** The text of a number that parsing has kept; null for every other value. */
export function keptNumberOf(value: object): string | null {
  const text: unknown = Object.hasOwn(value, STAND_IN) ? Reflect.get(value, STAND_IN) : null;
  return typeof text === 'string' ? text : null;
}

/** Text that is not JSON stays so: two values side by side are none, whatever stands for them. */
function withStandIns(text: string, kept: Kept): string {
  // Below the member itself: a number in place of the kept object must stay one, so that the call refuses it.
  const least = kept === 'whole' ? 1 : 2;
  const parts: string[] = [];
  let copied = 0;
  let depth = 0;
  let lastString = '';
  let isKept = kept === 'whole';
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (depth === 1) lastString = text.slice(at, end + 1);
        at = end;
        break;
      }
      case '{':
      case '[':
        depth += 1;
        break;
      case '}':
      case ']':
        depth -= 1;
        break;
      case ':':
        if (kept !== 'whole' && depth === 1) isKept = kept.has(nameOf(lastString));
        break;
      default: {
        NUMBER.lastIndex = at;
        const literal = NUMBER.exec(text)?.[0];
        if (literal === undefined) break;
        if (isKept && depth >= least && String(Number(literal)) !== literal) {
          parts.push(text.slice(copied, at), `{"${STAND_IN}":"${literal}"}`);
          copied = at + literal.length;
        }
        at += literal.length - 1;
      }
    }
  }
  return parts.join('') + text.slice(copied);
}

/** The index of the quote that ends the string starting at `from`; past the end when there is none. */
function endOfString(text: string, from: number): number {
  let at = from + 1;
  for (; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') break;
  }
  return at;
}

function nameOf(written: string): string {
  try {
    const name: unknown = JSON.parse(written);
    return typeof name === 'string' ? name : '';
  } catch {
    // No JSON string, so the whole text is no JSON.
    return '';
  }
}
