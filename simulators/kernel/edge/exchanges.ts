import type { Server } from "node:http";

/** One HTTP request that a server has answered: neither headers nor body nor query, which may hold secrets. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  /** From the head of the request to the end of the answer, in ms. */
  readonly durationMs: number;
}

/** Calls `hear` with each request that a server has answered, or that broke off before its end (status 0). */
export function tapExchanges(server: Server, hear: (exchange: Exchange) => void): void {
  server.on("request", (request, response) => {
    const startMs = performance.now();
    response.once("close", () => {
      const path = (request.url ?? "").replace(/[?#].*$/s, "");
      const status = response.writableFinished ? response.statusCode : 0;
      hear({ method: request.method ?? "", path, status, durationMs: performance.now() - startMs });
    });
  });
}
