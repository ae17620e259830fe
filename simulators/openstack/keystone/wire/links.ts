import { type HttpReply, json } from "../../../kernel/index.ts";
import type { RequestContext } from "../../service.ts";

/** `…/v3` at the address that the client used. */
export const rootOf = ({ request }: RequestContext): string => `${request.origin}/v3`;

/** The address that the client asked for. */
export const addressOf = ({ request }: RequestContext): string => request.origin + request.url;

/** Links of a list, which Keystone never pages. */
export const listLinks = (self: string): object => ({ next: null, self, previous: null });

/** A view with the link to itself. */
export const withSelf = (
  context: RequestContext,
  collection: string,
  view: Readonly<Record<string, unknown>>,
): object => ({
  ...view,
  links: { self: `${rootOf(context)}/${collection}/${String(view.id)}` },
});

/** The reply that lists items which have their links. */
export const listReply = (context: RequestContext, collection: string, items: readonly object[]): HttpReply =>
  json(200, { [collection]: items, links: listLinks(addressOf(context)) });

/** The reply that lists views, each with the link to itself. */
export const collectionReply = (
  context: RequestContext,
  collection: string,
  views: readonly Readonly<Record<string, unknown>>[],
): HttpReply =>
  listReply(
    context,
    collection,
    views.map((view) => withSelf(context, collection, view)),
  );
