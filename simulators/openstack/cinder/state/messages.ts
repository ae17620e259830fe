import type { Cinder } from "./cinder.ts";
import type { MessageRow } from "./rows.ts";

/** Oldest are dropped beyond. */
const MESSAGES_MAX = 1000;

export function addMessage(cinder: Cinder, message: Omit<MessageRow, "id" | "createdMs">): void {
  const { messages } = cinder.slot.value;
  const id = cinder.cloud.uuid("cinder");
  messages.set(id, { ...message, id, createdMs: cinder.cloud.kernel.nowMs });
  const [oldest] = messages.keys();
  if (messages.size > MESSAGES_MAX && oldest !== undefined) messages.delete(oldest);
}
