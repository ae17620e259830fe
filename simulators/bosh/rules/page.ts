import { fileURLToPath } from "node:url";
import { RULES } from "./index.ts";
import { SITES } from "./sites.ts";

/** Where the page of the rules lies. */
export const RULES_PAGE = fileURLToPath(new URL("../../../docs/parity/bosh-rules.md", import.meta.url));

/** The page: how many of the director's rules have an input here that shows that they are kept, file by file, and the inputs. */
export function rulesPage(): string {
  const total = Object.values(SITES).reduce((sum, each) => sum + each, 0);
  const files = Object.entries(SITES).map(([file, sites]) => {
    const shown = RULES.filter(({ source }) => source === file).length;
    return `| \`${file}\` | ${sites} | ${shown} |`;
  });
  const rules = RULES.map(
    ({ source, code, text, of, change }) =>
      `| \`${source}\` | ${code} | ${cell(text)} | ${of} | \`${cell(JSON.stringify(change, (_key, value: unknown) => (value === undefined ? null : value)))}\` |`,
  );
  return [
    "# The rules of the BOSH director",
    "",
    `Upstream refuses something in ${total} places of the files below. ${RULES.length} inputs here each break one rule of a parser, and \`simulators/bosh/rules\` expects the director's code and its whole text for each. Other places are covered by the recordings of [bosh.md](bosh.md) alone, or by neither: this page counts none of them as kept.`,
    "",
    "| File below `lib/bosh/director` | Refuses in | Inputs here |",
    "|---|---|---|",
    ...files,
    "",
    "## The inputs",
    "",
    "A change is made to a manifest, a cloud config or a runtime config that is accepted; `null` also stands for a part that is taken away.",
    "",
    "| File | Code | Text | Of | Change |",
    "|---|---|---|---|---|",
    ...rules,
    "",
  ].join("\n");
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", "<br>");
