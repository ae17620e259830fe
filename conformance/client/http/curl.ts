import { REDACTED } from "./redact.ts";
import { quoteForShell } from "./shell.ts";

/** A curl line that repeats a request. Redacted values are read from shell variables, which the user has to set. */
export function curlLine(request: {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}): string {
  const headers = Object.entries(request.headers).map(([name, value]) =>
    value === REDACTED
      ? `-H "${name}: $DRYDOCK_${name.toUpperCase().replaceAll("-", "_")}"`
      : `-H ${quoteForShell(`${name}: ${value}`)}`,
  );
  const body = request.body === undefined ? [] : [`--data-binary ${quoteForShell(request.body)}`];
  return ["curl", "-sS", "-i", "-X", request.method, ...headers, ...body, quoteForShell(request.url)].join(" ");
}
