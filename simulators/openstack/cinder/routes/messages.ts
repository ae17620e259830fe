import type { MessageRow } from "../state/rows.ts";
import { dated } from "../wire/dates.ts";
import { missing } from "../wire/errors.ts";
import { links } from "../wire/links.ts";
import { emptied, ok } from "../wire/replies.ts";
import type { Call } from "../wire/request.ts";
import type { CinderRoute } from "../wire/route.ts";

/*
 * The smaller surfaces: zones, services, pools, messages, attachments, and what is always empty here (groups).
 */

const MESSAGE_DAYS = 30;
const DAY_MS = 86_400_000;

const messageView = (call: Call, row: MessageRow): object => ({
  id: row.id,
  event_id: row.eventId,
  user_message: row.text,
  message_level: "ERROR",
  created_at: dated(row.createdMs),
  guaranteed_until: dated(row.createdMs + MESSAGE_DAYS * DAY_MS),
  request_id: row.requestId,
  links: links(call, "messages", row.id),
  resource_type: row.resourceType,
  resource_uuid: row.resourceId,
});

/** @throws Refusal 404 */
function messageOf({ cinder, actor, params }: Call): MessageRow {
  const row = cinder.slot.value.messages.get(params.id ?? "");
  if (row === undefined || !(actor.isAdmin || row.projectId === actor.projectId))
    throw missing("Message", params.id ?? "");
  return row;
}

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
    handler: (call) => ok({ message: messageView(call, messageOf(call)) }),
  },
  {
    method: "DELETE",
    path: "/messages/:id",
    from: 3,
    handler: (call) => {
      call.cinder.slot.value.messages.delete(messageOf(call).id);
      return emptied(204);
    },
  },
];
