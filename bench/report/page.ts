/** The page of a run: its options, tables and plots, and their numbers. It needs no network. */
import type { Cell, Table } from './account.js';
import { escapeText, svgOf, type Plot } from './plot.js';

export interface Page {
  readonly scenario: string;
  readonly summary: string;
  readonly startedAt: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly machine: object;
  readonly broken: readonly string[];
  readonly tables: readonly Table[];
  readonly plots: readonly Plot[];
}

const STYLE = `
:root { color-scheme: light dark; --text: #1c2024; --faint: #8b939b; --rule: #dfe3e6; --back: #fff; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e8ea; --faint: #8b939b; --rule: #2f3438; --back: #16181a; --bad: #ff8a80; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } .faint { color: var(--faint); } .broken { color: var(--bad); }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 1rem 0; }
th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: var(--faint); }
svg { width: 100%; height: auto; margin: 1rem 0; font: 11px system-ui, sans-serif; } svg text { fill: var(--faint); }
svg text.title { font-size: 14px; font-weight: 600; fill: var(--text); } svg line { stroke: var(--rule); }
polyline { fill: none; stroke-width: 1.8; } circle { stroke: none; fill-opacity: 0; } circle.near { fill-opacity: 1; }
.c0 { stroke: #2563eb; } .c1 { stroke: #d97706; } .c2 { stroke: #059669; } .c3 { stroke: #c026d3; } .c4 { stroke: #64748b; }
circle.c0 { fill: #2563eb; } circle.c1 { fill: #d97706; } circle.c2 { fill: #059669; } circle.c3 { fill: #c026d3; } circle.c4 { fill: #64748b; }
text.name { font-weight: 600; stroke: none; } text.c0 { fill: #2563eb !important; } text.c1 { fill: #d97706 !important; }
text.c2 { fill: #059669 !important; } text.c3 { fill: #c026d3 !important; } text.c4 { fill: #64748b !important; }
#tip { position: fixed; pointer-events: none; background: var(--text); color: var(--back); padding: 2px 8px; border-radius: 4px; font-size: 12px; display: none; }
`;

/** Shows the point nearest to the pointer. */
const SCRIPT = `
const tip = document.getElementById('tip');
for (const svg of document.querySelectorAll('svg')) {
  const dots = [...svg.querySelectorAll('circle')];
  const clear = () => { tip.style.display = 'none'; for (const dot of dots) dot.classList.remove('near'); };
  svg.addEventListener('pointerleave', clear);
  svg.addEventListener('pointermove', (event) => {
    clear();
    let best = null, least = 900;
    for (const dot of dots) {
      const box = dot.getBoundingClientRect();
      const away = (box.x + box.width / 2 - event.clientX) ** 2 + (box.y + box.height / 2 - event.clientY) ** 2;
      if (away < least) [best, least] = [dot, away];
    }
    if (best === null) return;
    best.classList.add('near');
    tip.textContent = best.querySelector('title').textContent;
    tip.style.cssText = 'display:block;left:' + (event.clientX + 12) + 'px;top:' + (event.clientY + 12) + 'px';
  });
}
`;

export function pageOf(page: Page): string {
  const { scenario, summary, startedAt, options, machine, broken, tables, plots } = page;
  const verdict =
    broken.length === 0
      ? '<p>All checks passed.</p>'
      : `<p class="broken">Failed: ${escapeText(broken.join('; '))}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Sallyport bench: ${escapeText(scenario)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeText(scenario)}</h1>
<p>${escapeText(summary)}</p>
<p class="faint">${escapeText(`${startedAt} · ${wordsOf(machine)}`)}<br>${escapeText(wordsOf(options))}</p>
${verdict}
${plots.map(svgOf).join('\n')}
${tables.map(tableOf).join('\n')}
<div id="tip"></div>
<script type="application/json" id="result">${escapeJson(page)}</script>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function tableOf({ head, rows }: Table): string {
  const row = (cells: readonly Cell[], tag: 'th' | 'td'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeText(String(cell))}</${tag}>`).join('')}</tr>`;
  return `<div class="scroll"><table>${row(head, 'th')}${rows.map((cells) => row(cells, 'td')).join('')}</table></div>`;
}

function wordsOf(values: object): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

/** JSON as it may be in a script element. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', String.raw`\u003c`);
}
