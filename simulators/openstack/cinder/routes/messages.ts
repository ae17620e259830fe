import { controls } from "../../cloud.ts";
import { recordChange } from "../state/cinder.ts";
import type { MessageRow } from "../state/rows.ts";
import { storedTimeOrNull } from "../wire/dates.ts";
import { notFoundById } from "../wire/errors.ts";
import { links } from "../wire/links.ts";
import { emptyReply, ok } from "../wire/replies.ts";
import type { CinderCall } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

const MESSAGE_DAYS = 30;
const DAY_MS = 86_400_000;

const messageView = (call: CinderCall, row: MessageRow): object => ({
  id: row.id,
  event_id: row.eventId,
  user_message: row.text,
  message_level: "ERROR",
  created_at: storedTimeOrNull(row.createdMs),
  guaranteed_until: storedTimeOrNull(row.createdMs + MESSAGE_DAYS * DAY_MS),
  request_id: row.requestId,
  links: links(call, "messages", row.id),
  resource_type: row.resourceType,
  resource_uuid: row.resourceId,
});

/** @throws Refusal 404 */
function requireMessage({ cinder, actor, params }: CinderCall): MessageRow {
  const row = cinder.slot.value.messages.get(params.id ?? "");
  if (row === undefined || !controls(actor, row)) throw notFoundById("Message", params.id ?? "");
  return row;
}

/** Routes of the API reference, "Messages". From 3.3 on. */
export const MESSAGE_ROUTES: readonly CinderRoute[] = [
  {
    method: "GET",
    path: "/messages",
    from: 3,
    clients: ["openstack"],
    handler: (call) => {
      const own = [...call.cinder.slot.value.messages.values()].filter(
        ({ projectId }) => call.actor.isAdmin || projectId === call.actor.projectId,
      );
      return ok({ messages: own.reverse().map((row) => messageView(call, row)) });
    },
  },
  {
    method: "GET",
    path: "/messages/:id",
    from: 3,
    handler: (call) => ok({ message: messageView(call, requireMessage(call)) }),
  },
  {
    method: "DELETE",
    path: "/messages/:id",
    from: 3,
    handler: (call) => {
      const { id } = requireMessage(call);
      call.cinder.slot.value.messages.delete(id);
      recordChange(call.cinder, "message.delete", id);
      return emptyReply(204);
    },
  },
];
