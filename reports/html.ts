import { PAGE } from "./page.generated.ts";
import { type Report, subjectOf } from "./report.ts";
import { summaryLines } from "./summary.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (char) => ENTITIES[char] ?? char);
}

/** JSON that no HTML parser mistakes for markup: without `<` there is neither an end of the script nor a comment. */
function embeddedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/**
 * The report as one HTML file that opens offline and sends no requests. If scripts are not allowed, it shows the summary as text.
 */
export function reportHtml(report: Report): string {
  const parts: Readonly<Record<string, string>> = {
    title: escapeHtml(`${report.headline}: ${subjectOf(report.target)}`),
    text: escapeHtml(summaryLines(report).join("\n")),
    data: embeddedJson(report),
  };
  return PAGE.replaceAll(/<!--drydock:([a-z]+)-->/g, (_marker, name: string) => parts[name] ?? "");
}
