import { levelInWords } from "../certificate/explain.ts";
import { element, escapeText } from "../xml.ts";
import type { CheckedSubmission } from "./check.ts";

/** A row of the index. */
interface IndexEntry {
  readonly vendor: string;
  readonly product: string;
  readonly homepage?: string;
  readonly version: string;
  readonly claims: readonly string[];
  readonly levels: readonly string[];
  readonly outcome: string;
  readonly profile: string;
  readonly waivers: number;
  readonly tool: string;
  readonly issuedAt: string;
  readonly validUntil: string;
  readonly keyId: string;
  /** The folder of the submission. */
  readonly path: string;
}

/** The rows of the index, in the order of their folders: submissions without a fault. */
export function indexEntries(checked: readonly CheckedSubmission[]): readonly IndexEntry[] {
  return checked.flatMap(({ place, faults, keyId, submission, certificate }) => {
    if (faults.length > 0 || keyId === undefined || submission === undefined || certificate === undefined) return [];
    const { product, homepage, claims } = submission;
    const { levels, outcome, profile, waivers, environment, issuedAt, validUntil } = certificate;
    return [
      {
        vendor: place.vendor,
        product,
        ...(homepage !== undefined && { homepage }),
        version: place.version,
        claims,
        levels: levels.map(levelInWords),
        outcome,
        profile,
        waivers: waivers.length,
        tool: environment.tool,
        issuedAt,
        validUntil,
        keyId,
        path: place.path,
      },
    ];
  });
}

/** `index.json`. */
export const indexData = (entries: readonly IndexEntry[]): string => `${JSON.stringify({ v: 1, entries }, null, 2)}\n`;

const COLUMNS = ["Vendor", "Product", "Version", "Claims", "Shown", "Profile", "Waivers", "Valid until", "Certificate"];

const cell = (content: string): string => element("td", {}, [content]);
const link = (href: string, text: string): string => element("a", { href }, [escapeText(text)]);

function row({
  vendor,
  product,
  homepage,
  version,
  claims,
  levels,
  profile,
  waivers,
  validUntil,
  path,
}: IndexEntry): string {
  const cells = [
    escapeText(vendor),
    homepage === undefined ? escapeText(product) : link(homepage, product),
    escapeText(version),
    escapeText(claims.join(", ")),
    escapeText(levels.join(", ")),
    escapeText(profile),
    escapeText(String(waivers)),
    escapeText(validUntil.slice(0, 10)),
    link(`${path}/certificate.json`, "certificate"),
  ];
  return element("tr", {}, cells.map(cell));
}

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:75rem;margin:2rem auto;padding:0 1rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #8884;vertical-align:top}`;

/** `index.html`: one page that needs no network. It is the same for the same submissions, whenever it is made. */
export function indexPage(entries: readonly IndexEntry[]): string {
  const head = element(
    "tr",
    {},
    COLUMNS.map((name) => element("th", { scope: "col" }, [escapeText(name)])),
  );
  const count = `${entries.length} ${entries.length === 1 ? "submission" : "submissions"}, each verified.`;
  const table = element("table", {}, [element("thead", {}, [head]), element("tbody", {}, [...entries.map(row), ""])]);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Certified service brokers</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Certified service brokers</h1>
<p>${count}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Submissions">${table}</div>
</main>
</body>
</html>
`;
}
