import type { HttpRequest, Service } from "../kernel/index.ts";

/** A service that sees the path of each request in another form. */
export function withPaths(service: Service, rewrite: (path: string) => string): Service {
  const rewritten = (request: HttpRequest): HttpRequest => {
    const path = rewrite(request.path);
    return path === request.path ? request : { ...request, path };
  };
  return {
    ...service,
    call: (request) => service.call(rewritten(request)),
    receive: (request) => service.receive(rewritten(request)),
    unread: (request, why) => service.unread(rewritten(request), why),
    crashed: (request, error) => service.crashed(rewritten(request), error),
  };
}
