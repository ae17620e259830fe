import type { HttpReply } from "../../../kernel/index.ts";
import { Refusal } from "../../refusal.ts";
import { ok } from "../wire/replies.ts";
import type { NovaCall } from "../wire/request.ts";
import type { NovaRoute } from "../wire/route.ts";
import { EXTENSIONS } from "./extensions/list.ts";

const extensionView = ([alias, name, description]: (typeof EXTENSIONS)[number]): object => ({
  alias,
  description,
  links: [],
  name,
  namespace: "http://docs.openstack.org/compute/ext/fake_xml",
  updated: "2014-12-03T00:00:00Z",
});

const showExtension = (call: NovaCall): HttpReply => {
  const found = EXTENSIONS.find(([alias]) => alias === call.params.alias);
  if (found === undefined) throw new Refusal(404, "itemNotFound", "The resource could not be found.");
  return ok({ extension: extensionView(found) });
};

/** Routes of the API reference, "Extensions". */
export const EXTENSION_ROUTES: readonly NovaRoute[] = [
  { method: "GET", path: "/extensions", handler: () => ok({ extensions: EXTENSIONS.map(extensionView) }) },
  { method: "GET", path: "/extensions/:alias", handler: showExtension },
];
