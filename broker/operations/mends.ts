import { openText } from "../store/seal.ts";
import type { Operation } from "../store/store.ts";
import { agentOf, guardBindings, instanceOf, locate, type OperationContext, saveInstance } from "./context.ts";
import { mendPayload } from "./payloads.ts";

/**
 * Brings an instance and its record together again. It is an operation, so that no other one works on the instance meanwhile.
 *
 * `broken`: its deployment is gone, so it must not be used as if it existed. `guard`: its address is looked up, its ports get their group, and it
 * is open to applications if it has a binding. `users`: it gets the users of its bindings.
 */
export async function mend(context: OperationContext, operation: Operation): Promise<void> {
  const { way } = mendPayload(operation);
  const instance = await instanceOf(context, operation);
  if (way === "broken") {
    if (instance.state === "ready") await saveInstance(context, instance, { state: "broken" });
    return;
  }
  const located = await locate(context, instance);
  if (way === "guard") return guardBindings(context, located);
  const agent = agentOf(context, located);
  for (const { state, username, password } of await context.store.bindingsOf(instance.id))
    if (state === "ready") await agent.putCredentials(username, openText(context.seal, password), located.deployment);
}
