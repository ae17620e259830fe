import { fileURLToPath } from "node:url";
import { ARCHIVE_RULES } from "./archive-rules.ts";
import { BEYOND } from "./beyond.ts";
import { RULES } from "./index.ts";
import { REQUEST_RULES } from "./request-rules.ts";
import { SITES } from "./sites.ts";

/** The location of the page of the rules. */
export const RULES_PAGE = fileURLToPath(new URL("../../../docs/parity/bosh-rules.md", import.meta.url));

interface Input {
  readonly source: string;
  readonly code: number;
  readonly text: string;
  readonly of: string;
  readonly input: string;
}

const showInput = (change: unknown): string =>
  JSON.stringify(change, (_key, value: unknown) => (value === undefined ? null : value));

/** All inputs that break a rule, of every kind. */
const INPUTS: readonly Input[] = [
  ...RULES.map(({ source, code, text, of, change }) => ({ source, code, text, of, input: showInput(change) })),
  ...ARCHIVE_RULES.map(({ source, code, text, change }) => ({
    source,
    code,
    text,
    of: "release",
    input: showInput(change),
  })),
  ...REQUEST_RULES.map(({ source, code, text, request, body, before }) => ({
    source,
    code,
    text,
    of: `request, ${before}`,
    input: `${request}${body === undefined || body === "" ? "" : ` ${showInput(body)}`}`,
  })),
];

/**
 * The page: how many of the director's rules have an input here that shows that they are kept, by file, and
 * the inputs.
 */
export function rulesPage(): string {
  const total = Object.values(SITES).reduce((sum, each) => sum + each, 0);
  const beyond = Object.values(BEYOND).reduce((sum, [places]) => sum + places, 0);
  // Several inputs may break one rule.
  const modelled = Object.entries(SITES).reduce((sum, [file, sites]) => sum + Math.min(sites, inputsOf(file)), 0);
  const files = Object.entries(SITES).map(([file, sites]) => {
    const [places = 0, why = ""] = BEYOND[file] ?? [];
    const reason = places === 0 ? "" : `${places}: ${why}`;
    return `| \`${file}\` | ${sites} | ${inputsOf(file) || ""} | ${reason} |`;
  });
  const rules = INPUTS.map(
    ({ source, code, text, of, input }) => `| \`${source}\` | ${code} | ${cell(text)} | ${of} | \`${cell(input)}\` |`,
  );
  return [
    "# The rules of the BOSH director",
    "",
    `Upstream refuses something in ${total} places; ${beyond} of them no client reaches here, for the reason that is given. ${INPUTS.length} inputs each break one rule, and \`simulators/bosh/rules\` expects the director's code and its whole text for each: they show ${modelled} of the other ${total - beyond} places at most. The rest is covered by the recordings of [bosh.md](bosh.md) alone, or by nothing: this page counts none of it as kept.`,
    "",
    "| File below `lib/bosh/director` | Refuses in | Inputs here | Out of reach |",
    "|---|---|---|---|",
    ...files,
    "",
    "## The inputs",
    "",
    "A change is made to a manifest, a cloud config, a runtime config or a release that is accepted; `null` also stands for a part that is taken away. A request is sent to a director to which releases were uploaded, and on which something is deployed as the word after it says.",
    "",
    "| File | Code | Text | Of | Input |",
    "|---|---|---|---|---|",
    ...rules,
    "",
  ].join("\n");
}

const inputsOf = (file: string): number => INPUTS.filter(({ source }) => source === file).length;

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
