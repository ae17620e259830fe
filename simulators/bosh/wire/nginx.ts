import {
  type Front,
  fieldsOf,
  type HttpReply,
  type HttpRequest,
  isToken,
  type Judged,
  type RawMessage,
  rawAnswer,
} from "../../kernel/index.ts";

/*
 * The requests that nginx in front of the director refuses by itself (ngx_http_parse.c, ngx_http_request.c,
 * with the defaults that the release keeps).
 */

/** `large_client_header_buffers` is 4 of 8 KiB: no line may be longer. */
const LINE_BYTES_MAX = 8192;

const TITLES: Readonly<Record<number, string>> = {
  400: "400 Bad Request",
  405: "405 Not Allowed",
  413: "413 Request Entity Too Large",
  414: "414 Request-URI Too Large",
  501: "501 Not Implemented",
  505: "505 HTTP Version Not Supported",
};

const errorPage = (title: string, detail = ""): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${detail === "" ? title : "400 Bad Request"}</h1></center>\r\n${detail}<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`;

const TYPE = { "Content-Type": "text/html" };

const refuse = (status: number): Judged => {
  const title = TITLES[status] ?? "";
  return { answer: rawAnswer(title, { Server: "nginx", ...TYPE }, errorPage(title)) };
};

/** An answer of nginx itself, which also closes the connection. */
export const nginxRefusal = (status: number): HttpReply => ({
  status,
  headers: { ...TYPE, Connection: "close" },
  body: errorPage(TITLES[status] ?? ""),
});

const HEADER_TOO_LARGE: HttpReply = {
  status: 400,
  headers: { ...TYPE, Connection: "close" },
  body: errorPage("400 Request Header Or Cookie Too Large", "<center>Request Header Or Cookie Too Large</center>\r\n"),
};

function judge({ line, fields, rest }: RawMessage): Judged {
  const [method = "", url = "", version = "", ...more] = line.split(" ");
  const number = /^HTTP\/(\d)\.(\d{1,3})$/.exec(version);
  // Methods consist of capitals; unknown ones are passed on to the director.
  if (more.length > 0 || number === null || !isToken(method) || !/^[A-Z_-]+$/.test(method)) return refuse(400);
  if (number[1] !== "1") return refuse(505);
  if (method === "CONNECT" || method === "TRACE") return refuse(405);
  // A line without a field is ignored, as are names with odd characters.
  const { headers } = fieldsOf(fields.filter((field) => field.includes(":")));
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") return refuse(501);
  const length = headers["content-length"] ?? "0";
  if (!/^\d{1,15}$/.test(length) || coding !== undefined || !url.startsWith("/")) return refuse(400);
  return { request: { method, url, headers, body: rest.subarray(0, Number(length)) } };
}

function limitRequest({ method, url, path, headers }: HttpRequest): HttpReply | undefined {
  if (method === "TRACE") return nginxRefusal(405);
  if (url.length > LINE_BYTES_MAX) return nginxRefusal(414);
  if (Object.entries(headers).some(([name, value]) => name.length + value.length > LINE_BYTES_MAX))
    return HEADER_TOO_LARGE;
  // It decodes the path to find its location, and accepts neither a zero byte nor a malformed escape.
  return /%(?:00|(?![0-9a-fA-F]{2}))/.test(path) ? nginxRefusal(400) : undefined;
}

/** The refusal of nginx before the director sees a request. */
export const NGINX_FRONT: Front = { judge, limit: limitRequest, hostless: nginxRefusal(400) };
