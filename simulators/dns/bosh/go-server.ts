import { defineService, type HttpReply, type HttpRequest, type Kernel, type Service } from "../../kernel/index.ts";
import { GO_FRONT } from "../wire/front.ts";
import { textReply } from "../wire/handler.ts";

/** The header in which the end of TLS records the common name of the client's certificate; absent if the client showed none. */
export const CERTIFICATE_HEADER = "x-client-common-name";

/** A client without a certificate is turned away before any HTTP. */
export const DISCONNECTED: HttpReply = { status: 0, body: "", wire: { kind: "reset" } };

type Answer = (request: HttpRequest) => HttpReply;

const notFound = (): HttpReply => textReply(404, "404 page not found\n", { "X-Content-Type-Options": "nosniff" });

/** A Go server that accepts every method, for clients with a certificate. */
export function anyMethodService(kernel: Kernel, name: string, paths: Readonly<Record<string, Answer>>): Service {
  const answer: Answer = (request) => {
    if (request.headers[CERTIFICATE_HEADER] === undefined) return DISCONNECTED;
    return (paths[request.path] ?? notFound)(request);
  };
  return defineService<Answer>({
    name,
    kernel,
    sim: answer,
    front: GO_FRONT,
    routes: Object.keys(paths).map((path) => ({ method: "GET", path, clients: ["bosh-dns"], handler: handle })),
    unmatched: handle,
  });
}

const handle = (sim: Answer, request: HttpRequest): HttpReply => sim(request);
