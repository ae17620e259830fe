const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text escaped for HTML and SVG, attributes included. */
export const escapeMarkup = (text: string): string => text.replaceAll(/[&<>"]/g, (each) => ENTITIES[each] ?? each);

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; --ink: #1a2230; --soft: #5c6675; --line: #d5dae2; --paper: #fff; --bad: #b3261e; --good: #1b6e3c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #364152; --paper: #12161d; --bad: #ff8a80; --good: #7bd49b; } }
body { margin: 2rem auto; max-width: 64rem; padding: 0 1rem; color: var(--ink); background: var(--paper); }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th:first-child, td:first-child { text-align: left; }
.text td, .text th { text-align: left; } td.wide { white-space: pre-wrap; font-family: ui-monospace, monospace; font-size: .85rem; }
svg { width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 11px; } .axis { stroke: var(--line); }
.bad { color: var(--bad); } .good { color: var(--good); } code, pre { font-family: ui-monospace, monospace; font-size: .9rem; } pre { white-space: pre-wrap; }
code, pre, td.wide { overflow-wrap: anywhere; } @media (max-width: 40rem) { .text { display: block; overflow-x: auto; } }
`;

/** A page that needs no network and runs no script. @param body markup */
export const page = (title: string, body: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeMarkup(title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeMarkup(title)}</h1>
${body}
</body></html>
`;

/** A table whose cells are text. @param look class of the table: `text` aligns everything to the left */
export function table(head: readonly string[], rows: readonly (readonly string[])[], look = ""): string {
  const row = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeMarkup(cell)}</${tag}>`).join("")}</tr>`;
  return `<table class="${look}"><thead>${row(head, "th")}</thead><tbody>${rows.map((cells) => row(cells, "td")).join("")}</tbody></table>`;
}
