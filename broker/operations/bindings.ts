import { FinalError } from "../errors.ts";
import { openText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import {
  agentOf,
  guardBindings,
  instanceOf,
  locate,
  narrow,
  noteAuthority,
  type OperationContext,
  planOf,
  secretsOf,
} from "./context.ts";
import { bindPayload } from "./payloads.ts";

/** Creates the user, and opens the instance last, so that whatever is open was opened for a binding. */
export async function bind(context: OperationContext, operation: Operation): Promise<void> {
  const { row } = bindPayload(operation);
  await context.store.addBinding(row);
  const binding = await context.store.binding(row.id);
  if (binding?.instance_id !== operation.instance_id) throw new FinalError(`binding ${row.id} is another instance's`);
  const located = await locate(context, await instanceOf(context, operation));
  // A record that was made again from a manifest does not know it yet.
  const isKnown = !planOf(context, located.plan_id).isTls || secretsOf(context, located).ca !== undefined;
  const instance = isKnown ? located : await noteAuthority(context, located);
  await agentOf(context, instance).putCredentials(
    binding.username,
    openText(context.seal, binding.password),
    instance.deployment,
  );
  await context.store.setBinding(binding.id, { state: "ready" });
  await guardBindings(context, instance);
}

/**
 * Undoes a bind, or as much of it as was done. The instance is closed to the binding's applications before the user is removed, so that a failure
 * in between leaves it closed; nothing is opened, so whatever prevented the bind from opening it does not prevent this.
 */
export async function unbind(context: OperationContext, operation: Operation): Promise<void> {
  const binding = await context.store.binding(operation.binding_id);
  if (binding?.instance_id !== operation.instance_id) return;
  await context.store.setBinding(binding.id, { state: "removing" });
  const instance = await instanceOf(context, operation);
  await narrow(context, instance);
  const located = await locate(context, instance);
  if (located.address !== "") await agentOf(context, located).deleteCredentials(binding.username);
  await context.store.deleteBinding(binding.id);
}
