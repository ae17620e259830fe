import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { type LiveAccess, refusalOf } from "./access.ts";
import type { LiveMessage } from "./feed.ts";
import { Hub, type LiveTitle } from "./hub.ts";
import { LIVE_PAGE } from "./page.generated.ts";
import { answer } from "./requests.ts";
import type { LiveCloud } from "./source.ts";

/** Where the page is served, and what it shows. */
interface LiveOptions extends LiveTitle {
  /** Loopback address to listen on. */
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Undefined if there is only a run to watch. */
  readonly cloud?: LiveCloud | undefined;
}

/** A live page that is being served. */
export interface LivePage extends AsyncDisposable {
  /** Its address, with the token that opens it. */
  readonly url: string;
  readonly hub: Hub;
  /** Closes every connection; pages connect again. */
  dropViewers(): void;
}

const TOKEN_BYTES = 24;
/** The most viewers at once; each is sent every message. */
const VIEWERS_MAX = 32;
/** A viewer that does not read is dropped once this many bytes wait for it. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;
const BODY_BYTES_MAX = 64 * 1024;
/** How often a comment keeps a silent connection open, in ms. */
const HEARTBEAT_MS = 15_000;

const HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Frame-Options": "DENY",
} as const;

function end(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...HEADERS, "Content-Type": type }).end(body);
}

/** Sends messages to one viewer as server-sent events; the id of each is the number of the newest journal event. */
function stream(hub: Hub, request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { ...HEADERS, "Content-Type": "text/event-stream" });
  const viewer = {
    seq: Number(request.headers["last-event-id"] ?? 0) || 0,
    send: (message: LiveMessage, seq: number): void => {
      response.write(`id: ${seq}\ndata: ${JSON.stringify(message)}\n\n`);
      if (response.writableLength > WAITING_BYTES_MAX) response.destroy();
    },
  };
  const remove = hub.add(viewer);
  const heartbeat = setInterval(() => response.write(":\n\n"), HEARTBEAT_MS);
  response.once("close", () => {
    clearInterval(heartbeat);
    remove();
  });
}

/** The body of a request; undefined if it is too long. */
async function readSmallBody(request: IncomingMessage): Promise<string | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) return undefined;
  if (request.headers["transfer-encoding"] !== undefined) return undefined;
  return text(request);
}

async function respond(hub: Hub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readSmallBody(request);
  if (body === undefined) return end(response, 413, "text/plain", "too large\n");
  const url = new URL(request.url ?? "/", "http://live");
  const reply = answer(hub.cloud, request.method ?? "GET", url, body);
  end(response, reply.status, "application/json", JSON.stringify(reply.body));
}

function serveTo(hub: Hub, access: () => LiveAccess): Server {
  let viewers = 0;
  return createServer((request, response) => {
    const refused = refusalOf(access(), request);
    if (refused !== undefined) return end(response, refused, "text/plain", "open the address that drydock printed\n");
    if (request.url === "/") return end(response, 200, "text/html; charset=utf-8", LIVE_PAGE);
    if (request.url === "/stream" && request.method === "GET") {
      if (viewers >= VIEWERS_MAX) return end(response, 503, "text/plain", `${VIEWERS_MAX} viewers are watching\n`);
      viewers++;
      response.once("close", () => viewers--);
      return stream(hub, request, response);
    }
    respond(hub, request, response).catch(() => response.destroy());
  });
}

/** The port at which a server listens. */
function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the live page does not listen on a TCP port");
  return address.port;
}

/** Serves the live page of a cloud, of a run, or of both. Rejects with the system's error when it can't listen. */
export async function openLivePage({ host, port, title, facts, cloud }: LiveOptions): Promise<LivePage> {
  const hub = new Hub({ title, facts }, cloud);
  const token = randomBytes(TOKEN_BYTES).toString("base64url");
  const access: { token: string; host: string } = { token, host: "" };
  const server = serveTo(hub, () => access);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  access.host = `${host}:${portOf(server)}`;
  return {
    url: `http://${access.host}/#${token}`,
    hub,
    dropViewers: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      hub.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
