import { type Cinder, recordChange } from "./cinder.ts";
import type { MessageRow } from "./rows.ts";

/** How many messages are kept; the oldest go first. */
const MESSAGES_MAX = 1000;

/** Tells a project why something that was accepted failed later. */
export function addMessage(cinder: Cinder, message: Omit<MessageRow, "id" | "createdMs">): void {
  const { messages } = cinder.slot.value;
  const id = cinder.cloud.uuid("cinder");
  messages.set(id, { ...message, id, createdMs: cinder.cloud.kernel.nowMs });
  recordChange(cinder, "message.create", id, { resource: message.resourceId });
  const [oldest] = messages.keys();
  if (messages.size > MESSAGES_MAX && oldest !== undefined) messages.delete(oldest);
}
