import type { CinderCall } from "./request.ts";

/** The address that the client used, with the token's project. */
export function links({ context, actor, cinder }: CinderCall, collection: string, id: string): object[] {
  const root = cinder.cloud.root("volumev3", context.request);
  return [
    { rel: "self", href: `${root}/v3/${actor.projectId}/${collection}/${id}` },
    { rel: "bookmark", href: `${root}/${actor.projectId}/${collection}/${id}` },
  ];
}
