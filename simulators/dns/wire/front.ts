import { type Front, fieldsOf, isToken, type Judged, type RawMessage, rawAnswer } from "../../kernel/index.ts";

/*
 * Go's net/http, on which Consul is built: any token is a method; what can't be read is answered with one line of text (server.go, request.go).
 */

const refuse = (status: string, detail = ""): Judged => ({
  answer: rawAnswer(
    status,
    { "Content-Type": "text/plain; charset=utf-8" },
    detail === "" ? status : `${status}: ${detail}`,
  ),
});

const BAD_REQUEST = refuse("400 Bad Request");

/** Lengths that are repeated must agree. */
function lengthOf(given: string | undefined): number | undefined {
  const lengths = [...new Set((given ?? "0").split(",").map((each) => each.trim()))];
  return lengths.length === 1 && /^\d{1,15}$/.test(lengths[0] ?? "") ? Number(lengths[0]) : undefined;
}

function judge({ line, fields, rest }: RawMessage): Judged {
  const [method = "", url = "", version = "", ...more] = line.split(" ");
  const number = /^HTTP\/(\d)\.(\d)$/.exec(version);
  if (more.length > 0 || number === null || !isToken(method) || url === "") return BAD_REQUEST;
  if (number[1] !== "1") return refuse("505 HTTP Version Not Supported", "unsupported protocol version");
  const { headers, read } = fieldsOf(fields);
  if (read < fields.length) return BAD_REQUEST;
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked")
    return refuse("501 Not Implemented", "Unsupported transfer encoding");
  if (number[2] === "1" && headers.host === undefined) return refuse("400 Bad Request", "missing required Host header");
  const length = lengthOf(headers["content-length"]);
  if (length === undefined || coding !== undefined) return BAD_REQUEST;
  return { request: { method, url, headers, body: rest.subarray(0, length) } };
}

const textReply = (body: string): { status: number; headers: Record<string, string>; body: string } => ({
  status: 400,
  headers: { "Content-Type": "text/plain; charset=utf-8", Connection: "close" },
  body,
});

/** Go's own limit is 1 MiB of headers, more than the simulator's parser takes. */
export const GO_FRONT: Front = {
  judge,
  hostless: textReply("400 Bad Request: missing required Host header"),
  limit: ({ path }) => (/%(?![0-9a-fA-F]{2})/.test(path) ? textReply("400 Bad Request") : undefined),
};
