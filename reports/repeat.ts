import type { Exchange } from "../conformance/runner/events.ts";
import type { CheckReport } from "./report.ts";

/** The string that a 202 returned for polling; `undefined` if its body has none. */
function operationIn(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null || !("operation" in parsed)) return undefined;
    return typeof parsed.operation === "string" ? parsed.operation : undefined;
  } catch {
    // The body of an asynchronous answer may be anything or empty; the poll then carries no operation.
    return undefined;
  }
}

/** The operation to wait for after an asynchronous request; `undefined` if the work was done at once. */
export function waitLine({ request: { method, url }, response }: Exchange): string | undefined {
  if (response?.status !== 202 || method === "GET" || !URL.canParse(url)) return undefined;
  const poll = new URL(url);
  poll.pathname = `${poll.pathname}/last_operation`;
  const operation = operationIn(response.body);
  poll.search = operation === undefined ? "" : new URLSearchParams({ operation }).toString();
  return `# wait until GET ${poll.href} no longer says "in progress"`;
}

/** Shell lines that repeat what led to a verdict, in order: what to create first, what was sent, and when to wait. */
export function repeatLines({ evidence }: Pick<CheckReport, "evidence">): readonly string[] {
  return evidence.flatMap((exchange) => [exchange.curl, waitLine(exchange) ?? []].flat());
}

/** How to give the login that such lines leave out; `undefined` if they need none. */
export function secretLine(lines: readonly string[]): string | undefined {
  return lines.some((line) => line.includes("$DRYDOCK_AUTHORIZATION"))
    ? "export DRYDOCK_AUTHORIZATION=\"Basic $(printf %s 'USER:PASSWORD' | base64)\""
    : undefined;
}
