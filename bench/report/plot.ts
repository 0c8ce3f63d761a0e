/** A plot as numbers, and as a self-contained SVG. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly lines: readonly Line[];
}

/** `percentile`: values are shares below 1, and each nine takes the same width. */
export interface Axis {
  readonly label: string;
  readonly scale: 'linear' | 'log' | 'percentile';
}

const WIDTH = 860;
const HEIGHT = 300;
const LEFT = 70;
const RIGHT = 20;
const TOP = 34;
const BOTTOM = 46;
const TICKS = 6;
const LEAST = 1e-3;

/** The layout of an axis: the place of a value, and the marked values. */
export interface Layout {
  readonly at: (value: number) => number;
  readonly ticks: readonly (readonly [value: number, text: string])[];
}

export function svgOf(plot: Plot): string {
  const all = plot.lines.flatMap(({ points }) => points);
  const x = layOut(
    plot.x.scale,
    all.map(([value]) => value),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = layOut(
    plot.y.scale,
    all.map(([, value]) => value),
    HEIGHT - BOTTOM,
    TOP,
  );
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeText(plot.title)}">`,
    `<text class="title" x="${LEFT}" y="18">${escapeText(plot.title)}</text>`,
    ...x.ticks.map(
      ([value, text]) =>
        `${rule(x.at(value), TOP, x.at(value), HEIGHT - BOTTOM)}${label(x.at(value), HEIGHT - BOTTOM + 16, 'middle', text)}`,
    ),
    ...y.ticks.map(
      ([value, text]) =>
        `${rule(LEFT, y.at(value), WIDTH - RIGHT, y.at(value))}${label(LEFT - 8, y.at(value) + 4, 'end', text)}`,
    ),
    label((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, 'middle', plot.x.label),
    label(LEFT, TOP - 4, 'start', plot.y.label),
    ...plot.lines.map((line, i) => lineOf(line, i, x, y)),
    ...plot.lines.map(
      ({ name }, i) =>
        `<text class="name c${i}" x="${WIDTH - RIGHT - 130 * (plot.lines.length - 1 - i)}" y="18" text-anchor="end">${escapeText(name)}</text>`,
    ),
    '</svg>',
  ].join('\n');
}

/** Lays these values out from `from` to `to` in the picture. */
export function layOut(scale: Axis['scale'], values: readonly number[], from: number, to: number): Layout {
  if (scale === 'linear') return linear(values, from, to);
  const marks = scale === 'log' ? powersOfTen(values) : nines(values);
  const least = marks[0]?.[0] ?? LEAST;
  const most = marks.at(-1)?.[0] ?? 1;
  const measure = scale === 'log' ? (value: number): number => Math.log10(Math.max(value, least)) : ninesOf;
  const [low, high] = [measure(least), measure(most)];
  const at = (value: number): number => from + ((measure(value) - low) / Math.max(high - low, 1e-9)) * (to - from);
  return { at, ticks: marks };
}

function linear(values: readonly number[], from: number, to: number): Layout {
  const most = Math.max(0, ...values);
  const raw = (most === 0 ? 1 : most) / TICKS;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10) * power;
  const count = Math.ceil((most === 0 ? 1 : most) / step - 1e-9);
  const ticks = Array.from({ length: count + 1 }, (_, i): [number, string] => [i * step, numberText(i * step)]);
  return { at: (value) => from + (value / (count * step)) * (to - from), ticks };
}

function powersOfTen(values: readonly number[]): readonly (readonly [number, string])[] {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.max(LEAST, Math.min(...positive, 1))));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...positive, LEAST))));
  return Array.from({ length: high - low + 1 }, (_, i): [number, string] => [
    10 ** (low + i),
    numberText(10 ** (low + i)),
  ]);
}

/** 0, 90 %, 99 %, 99.9 % and so on, as far as the values go. */
function nines(values: readonly number[]): readonly (readonly [number, string])[] {
  const count = Math.max(1, Math.ceil(Math.max(0, ...values.map(ninesOf)) - 1e-9));
  return Array.from({ length: count + 1 }, (_, i): [number, string] => {
    const share = 1 - 10 ** -i;
    return [share, `${(100 * share).toFixed(Math.max(0, i - 2))} %`];
  });
}

function ninesOf(share: number): number {
  return -Math.log10(Math.max(1 - share, 1e-9));
}

function lineOf({ name, points }: Line, i: number, x: Layout, y: Layout): string {
  const path = points.map(([a, b]) => `${x.at(a).toFixed(1)},${y.at(b).toFixed(1)}`).join(' ');
  const dots = points.map(
    ([a, b]) =>
      `<circle class="c${i}" cx="${x.at(a).toFixed(1)}" cy="${y.at(b).toFixed(1)}" r="4"><title>${escapeText(name)}: ${numberText(a)}, ${numberText(b)}</title></circle>`,
  );
  return `<polyline class="c${i}" points="${path}"/>${dots.join('')}`;
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;
}

function label(x: number, y: number, anchor: 'start' | 'middle' | 'end', text: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

function numberText(value: number): string {
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(4))}k` : String(Number(value.toPrecision(5)));
}

/** Text as it may be between tags and in attributes of a page. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
