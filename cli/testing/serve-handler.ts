import type { RequestListener } from "node:http";
import { asFetch, type Handler } from "../../conformance/osb/memory-broker/http.ts";

/** A test's broker as a server's listener; one that throws breaks the connection. */
export function listenerOf(handler: Handler): RequestListener {
  const answer = asFetch(handler);
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => void chunks.push(chunk));
    request.on("end", () => {
      const { method = "GET", url = "/" } = request;
      const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
      const init = { method, headers: Object.fromEntries(headers), body: Buffer.concat(chunks).toString() };
      answer(`http://127.0.0.1${url}`, init)
        .then(async (answered) => {
          response.writeHead(answered.status, Object.fromEntries(answered.headers));
          response.end(Buffer.from(await answered.arrayBuffer()));
        })
        .catch(() => void request.socket.destroy());
    });
  };
}
