/** Counts the requests, each `METHOD /path` without its query, that a route serves. */
export const countRequests = (
  route: { readonly method: string; readonly path: string },
  requests: readonly string[],
): number => requests.filter((request) => isOf(route, request)).length;

/** A parameter of a route stands for one segment of a path, `*name` for all that follow. */
function isOf({ method, path }: { readonly method: string; readonly path: string }, request: string): boolean {
  const [sentMethod, sentPath = ""] = request.split(" ");
  const [own, sent] = [path.split("/"), sentPath.split("/")];
  const takesRest = own.at(-1)?.startsWith("*") ?? false;
  return (
    method === sentMethod &&
    (own.length === sent.length || (takesRest && own.length < sent.length)) &&
    own.every((segment, at) => /^[:*]/.test(segment) || segment === sent[at])
  );
}
