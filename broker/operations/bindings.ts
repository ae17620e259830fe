import { FinalError } from "../errors.ts";
import type { BindingRow } from "../store/schema.ts";
import { openText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { agentOf, guardBindings, instanceOf, isBound, locate, payloadOf, type Workshop } from "./context.ts";

/** What a bind is told: the record to make. */
export interface BindPayload {
  readonly row: BindingRow;
}

/** The user comes first, the way to it last: what is open is always what a binding has asked for. */
export async function bind(shop: Workshop, operation: Operation): Promise<void> {
  const { row } = payloadOf<BindPayload>(operation);
  await shop.store.addBinding(row);
  const binding = await shop.store.binding(row.id);
  if (binding?.instance_id !== operation.instance_id) throw new FinalError(`binding ${row.id} is another instance's`);
  const instance = await locate(shop, await instanceOf(shop, operation));
  await agentOf(shop, instance).putCredentials(
    binding.username,
    openText(shop.seal, binding.password),
    instance.deployment,
  );
  await shop.store.setBinding(binding.id, { state: "ready" });
  await guardBindings(shop, instance);
}

/**
 * Takes back what a bind made, or as much of it as it came to. The way is closed before the user goes, so that a failure in between leaves it
 * shut; nothing is opened, so what kept a bind from opening it does not keep this from its end.
 */
export async function unbind(shop: Workshop, operation: Operation): Promise<void> {
  const binding = await shop.store.binding(operation.binding_id);
  if (binding?.instance_id !== operation.instance_id) return;
  await shop.store.setBinding(binding.id, { state: "removing" });
  const instance = await instanceOf(shop, operation);
  if (!(await isBound(shop, instance))) await shop.guard.close(instance.id);
  const located = await locate(shop, instance);
  if (located.address !== "") await agentOf(shop, located).deleteCredentials(binding.username);
  await shop.store.deleteBinding(binding.id);
}
