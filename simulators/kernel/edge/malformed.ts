import { STATUS_CODES } from "node:http";
import type { Service } from "../http/api.ts";
import { cutMessage } from "../http/front.ts";
import { type HttpReply, type HttpRequest, makeRequest, serialise } from "../http/message.ts";
import { targetOf } from "./head.ts";

interface Connection {
  readonly scheme: "http" | "https";
  readonly source: string;
  readonly receive: (incoming: HttpRequest) => Promise<HttpReply>;
}

/**
 * The answer to bytes that Node's parser refuses: the service's `Front` says what its real server makes of them, which may be a request
 * after all (an invented method, a header line without a colon). The connection ends with it.
 */
export async function answerMalformed(
  service: Service,
  packet: Uint8Array,
  { scheme, source, receive }: Connection,
): Promise<Uint8Array> {
  const judged = service.front.judge(cutMessage(packet));
  if ("answer" in judged) return judged.answer;
  const { method, url, headers, body } = judged.request;
  // The method stays as sent: real servers are case-sensitive here.
  const common = {
    ...makeRequest(method, targetOf(url), { headers, origin: `${scheme}://${headers.host ?? "localhost"}`, source }),
    method,
  };
  // An upload in such a message is never accepted, so its stream is not opened.
  const isUpload = service.uploadOf(common.method, common.path) !== undefined;
  const reply = isUpload ? service.unread(common, "cut") : await receive({ ...common, body });
  return bytesOf(reply, method);
}

function bytesOf(reply: HttpReply, method: string): Uint8Array {
  const { body, headers } = serialise(reply);
  const bytes = Buffer.from(body);
  const lines = Object.entries({ "Content-Length": String(bytes.length), ...headers, Connection: "close" });
  const head = lines.flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\r\n`)).join("");
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? "Unknown"}\r\n${head}\r\n`, "latin1"),
    method === "HEAD" ? Buffer.alloc(0) : bytes,
  ]);
}
