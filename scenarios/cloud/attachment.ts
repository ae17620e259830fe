import type { FastifyInstance } from "fastify";
import type { World } from "../../simulators/world.ts";

/** A server on the in-process network, where it answers without listening. */
export interface Attachment {
  /** Takes it off the network: new connections are refused. */
  detach(): void;
  /** Breaks open connections: their callers get no answer. */
  sever(): void;
}

/** Puts a server on a world's network, at an address and port. */
export function attachServer(net: World["net"], address: string, port: number, app: FastifyInstance): Attachment {
  const open = new Set<(why: Error) => void>();
  const fetch = (request: Request): Promise<Response> =>
    new Promise((resolve, reject) => {
      open.add(reject);
      answer(app, request)
        .then(resolve, reject)
        .finally(() => open.delete(reject));
    });
  return { detach: net.attach(address, port, { fetch }), sever: () => open.forEach((cut) => cut(connectionReset())) };
}

/** The error that `fetch` of Node.js throws for a reset connection. */
const connectionReset = (): TypeError =>
  new TypeError("fetch failed", { cause: Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" }) });

/** Statuses whose responses have no body (Fetch, "null body status"). */
const BODILESS: readonly number[] = [204, 304];

async function answer(app: FastifyInstance, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const reply = await app.inject({
    method: request.method as "GET",
    url: `${url.pathname}${url.search}`,
    headers: { ...Object.fromEntries(request.headers), host: url.host },
    payload: Buffer.from(await request.arrayBuffer()),
  });
  const headers = new Headers();
  for (const [name, value] of Object.entries(reply.headers)) if (value !== undefined) headers.set(name, String(value));
  const body = BODILESS.includes(reply.statusCode) ? null : reply.rawPayload;
  return new Response(body, { status: reply.statusCode, headers });
}
