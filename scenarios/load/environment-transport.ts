import type { Environment } from "../../simulators/environment.ts";
import type { LoadReply, Transport } from "./transport.ts";

/** A transport through the network of a world, without sockets: it measures the work of the broker and the cloud alone. */
export function environmentTransport(
  { fetch }: Pick<Environment, "fetch">,
  url: string,
  headers: Readonly<Record<string, string>>,
): Transport {
  const send = async (request: Parameters<Transport["send"]>[0]): Promise<LoadReply> => {
    const { method, path, body, headers: own } = request;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    try {
      const init = { method, headers: { ...headers, ...own }, ...(text !== undefined && { body: text }) };
      const response = await fetch(`${url}${path}`, init);
      const answer = await response.text();
      const parsed: unknown = answer === "" ? {} : JSON.parse(answer);
      return { kind: "answer", status: response.status, body: parsed };
    } catch (error) {
      if (error instanceof SyntaxError) return { kind: "error", what: "malformed answer" };
      return { kind: "error", what: error instanceof Error ? error.message : String(error) };
    }
  };
  return { send, close: () => {} };
}
