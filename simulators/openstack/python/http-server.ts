import {
  fieldsOf,
  type Front,
  type HttpReply,
  type HttpRequest,
  type Judged,
  type RawMessage,
} from "../../kernel/index.ts";

/*
 * The Python HTTP servers on which the services run: eventlet's (Nova, Neutron, Cinder, Glance, Swift, Designate) and wsgiref (Keystone),
 * as recorded over sockets.
 */

/** Characters of a request line, and of one header line, that eventlet reads. */
const LINE_CHARS_MAX = 8192;
/** The number of headers from which Python's parser refuses a request. */
const HEADERS_MAX = 100;

const EXPLANATIONS: Readonly<Record<number, string>> = {
  400: "Bad request syntax or unsupported method",
  431: "got more than 100 headers",
  505: "Cannot fulfill request",
};

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const errorPage = (status: number, message: string): string => `<!DOCTYPE HTML>
<html lang="en">
    <head>
        <meta charset="utf-8">
        <title>Error response</title>
    </head>
    <body>
        <h1>Error response</h1>
        <p>Error code: ${status}</p>
        <p>Message: ${escapeHtml(message)}.</p>
        <p>Error code explanation: ${status} - ${EXPLANATIONS[status] ?? ""}.</p>
    </body>
</html>
`;

/** A line as Python's `repr` shows it. */
const reprLine = (line: string): string =>
  `'${line.replace(/[\\']/g, "\\$&").replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`)}'`;

const PAGE_HEADERS = "Connection: close\r\nContent-Type: text/html;charset=utf-8\r\n";

interface Server {
  /** The name that it gives in its errors, and the version of HTTP that it speaks. */
  readonly banner: string;
  readonly version: "HTTP/1.0" | "HTTP/1.1";
  /** Whether it sends a status line even if it could not read the version. */
  readonly alwaysHasStatus: boolean;
  /** Whether it checks lengths itself, and the length of each line. */
  readonly isStrict: boolean;
  /** Whether it counts headers. */
  readonly countsHeaders: boolean;
}

function pageAnswer(server: Server, status: number, message: string, hasStatus: boolean): Judged {
  const page = errorPage(status, message);
  if (!hasStatus && !server.alwaysHasStatus) return { answer: Buffer.from(page) };
  const head = `${server.version} ${status} ${message}\r\nServer: ${server.banner}\r\n${PAGE_HEADERS}`;
  return { answer: Buffer.from(`${head}Content-Length: ${Buffer.byteLength(page)}\r\n\r\n${page}`, "latin1") };
}

const EMPTY_400: Judged = {
  answer: Buffer.from("HTTP/1.0 400 Bad Request\r\nConnection: close\r\nContent-length: 0\r\n\r\n"),
};

/** Python cuts the line at white space, and judges the version before the number of words. */
function judgeLine(server: Server, line: string): Judged | readonly [string, string] {
  const words = line.split(/\s+/).filter((word) => word !== "");
  const syntax = `Bad request syntax (${reprLine(line)})`;
  if (words.length < 3) return pageAnswer(server, 400, syntax, false);
  const last = words.at(-1) ?? "";
  const version = /^HTTP\/(\d{1,10})\.(\d{1,10})$/.exec(last);
  if (version === null) return pageAnswer(server, 400, `Bad request version (${reprLine(last)})`, false);
  if (Number(version[1]) >= 2)
    return pageAnswer(server, 505, `Invalid HTTP version (${version[1]}.${version[2]})`, false);
  if (words.length > 3) return pageAnswer(server, 400, syntax, true);
  return [words[0] ?? "", words[1] ?? ""];
}

function judge(server: Server, { line, fields, rest }: RawMessage): Judged {
  const judged = judgeLine(server, line);
  if ("answer" in judged || "request" in judged) return judged;
  const [method, url] = judged;
  // A line without a field ends the header: what follows is lost.
  const { headers } = fieldsOf(fields);
  const length = headers["content-length"]?.split(",")[0]?.trim();
  const isNumber = length === undefined || /^\d{1,15}$/.test(length);
  if (!isNumber && server.isStrict) return EMPTY_400;
  const { "content-length": _length, ...others } = headers;
  if (length === undefined || !isNumber) return { request: { method, url, headers: others, body: new Uint8Array() } };
  const body = isChunked(headers) ? firstChunk(rest) : rest.subarray(0, Number(length));
  return { request: { method, url, headers: { ...others, "content-length": length }, body } };
}

const isChunked = (headers: Readonly<Record<string, string>>): boolean =>
  headers["transfer-encoding"]?.toLowerCase() === "chunked";

/** The chunks received so far; a malformed size ends them. */
function firstChunk(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const end = Buffer.from(bytes).indexOf("\r\n", at);
    const size = end < 0 ? undefined : /^[0-9a-f]{1,8}$/i.exec(Buffer.from(bytes.subarray(at, end)).toString("latin1"));
    const count = size == null ? 0 : Number.parseInt(size[0], 16);
    if (count === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + count));
    at = end + 2 + count + 2;
  }
}

const bareReply = (status: number): HttpReply => ({ status, headers: { Connection: "close" }, body: "" });

function refuseOverLimits(server: Server, { method, url, headers }: HttpRequest): HttpReply | undefined {
  const fields = Object.entries(headers);
  if (server.isStrict) {
    if (`${method} ${url} HTTP/1.1\r\n`.length > LINE_CHARS_MAX) return bareReply(414);
    if (fields.some(([name, value]) => name.length + value.length + 4 > LINE_CHARS_MAX)) return bareReply(400);
  }
  if (!server.countsHeaders || fields.length < HEADERS_MAX) return undefined;
  const type = { "Content-Type": "text/html;charset=utf-8", Connection: "close", Server: server.banner };
  return { status: 431, headers: type, body: errorPage(431, "Too many headers") };
}

const front = (server: Server): Front => ({
  judge: (message) => judge(server, message),
  limit: (request) => refuseOverLimits(server, request),
});

const EVENTLET: Server = {
  banner: "BaseHTTP/0.6 Python/3.11.2",
  version: "HTTP/1.1",
  alwaysHasStatus: false,
  isStrict: true,
  countsHeaders: true,
};

/** Nova, Neutron, Cinder, Designate. */
export const EVENTLET_FRONT = front(EVENTLET);
/** Glance accepts more headers than Python's parser does by default. */
export const GLANCE_FRONT = front({ ...EVENTLET, countsHeaders: false });
/** So does Swift, which answers in HTTP/1.1 whatever the request. */
export const SWIFT_FRONT = front({ ...EVENTLET, countsHeaders: false, alwaysHasStatus: true });
/** Keystone. */
export const WSGIREF_FRONT = front({
  banner: "WSGIServer/0.2 Python/3.11.2",
  version: "HTTP/1.0",
  alwaysHasStatus: false,
  isStrict: false,
  countsHeaders: true,
});
