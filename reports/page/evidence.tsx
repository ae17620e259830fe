import type { Exchange } from "../../conformance/runner/events.ts";
import { secretLine, waitLine } from "../repeat.ts";
import { CommandLine, Fold } from "./parts.tsx";

/** A shell line or comment beside a line that repeats a request. */
function Hint({ line }: { line: string | undefined }) {
  return line === undefined ? null : <p class="hint">{line}</p>;
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function pathOf(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, "") || "/";
}

function Message({
  title,
  headers,
  body,
}: {
  title: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
}) {
  return (
    <div class="message">
      <h5>{title}</h5>
      <dl class="headers">
        {Object.entries(headers).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {body !== undefined && body !== "" && <pre tabIndex={0}>{pretty(body)}</pre>}
    </div>
  );
}

function Answer({ exchange: { response, error } }: { exchange: Exchange }) {
  if (response === undefined) return <p class="no-answer">{error ?? "no answer"}</p>;
  const title = response.status === undefined ? "Answer" : `Response ${response.status}`;
  return <Message title={title} headers={response.headers} body={response.body} />;
}

/** A data service answers without a status: its answer is in the body. */
function statusOf({ response }: Exchange): { readonly text: string; readonly look: "good" | "odd" | "bad" } {
  if (response === undefined) return { text: "no answer", look: "bad" };
  const { status } = response;
  if (status === undefined) return { text: "answered", look: "good" };
  return { text: String(status), look: status >= 500 ? "bad" : status >= 400 ? "odd" : "good" };
}

function Heading({ exchange }: { exchange: Exchange }) {
  const { request, response } = exchange;
  const { text, look } = statusOf(exchange);
  return (
    <>
      <span class="method">{request.method}</span>
      <span class="path">{pathOf(request.url)}</span>
      <span class={`status ${look}`}>{text}</span>
      {response && <span class="ms">{response.elapsedMs} ms</span>}
    </>
  );
}

/** The exchanges that led to a verdict, each with the line that repeats it. */
export function Evidence({ exchanges }: { exchanges: readonly Exchange[] }) {
  if (exchanges.length === 0) return null;
  return (
    <section class="evidence" aria-label="Evidence">
      <h4>Evidence</h4>
      <Hint line={secretLine(exchanges.map(({ curl }) => curl))} />
      {exchanges.map((exchange, at) => (
        <Fold key={at} class="exchange" summary={<Heading exchange={exchange} />} open={exchanges.length === 1}>
          {() => (
            <div class="exchange-body">
              <CommandLine line={exchange.curl} what={exchange.request.method === "SQL" ? "psql line" : "curl line"} />
              <Hint line={waitLine(exchange)} />
              <div class="messages">
                <Message title="Request" headers={exchange.request.headers} body={exchange.request.body} />
                <Answer exchange={exchange} />
              </div>
            </div>
          )}
        </Fold>
      ))}
    </section>
  );
}
