import type { Answer, Operation } from "./answer.ts";
import type { Offer } from "./catalog.ts";
import { isBusy, removeUntilGone } from "./cleanup.ts";
import { curlLine } from "./http/curl.ts";
import { publicRequest } from "./http/observation.ts";
import type { RawRequest } from "./http/transport.ts";
import type { LeftBehind, LedgerEntry } from "./ledger.ts";
import { answerOrSilence } from "./no-answer.ts";
import type { EndedOperation } from "./polling.ts";
import type { RequestOptions } from "./request.ts";
import type { Room } from "./room.ts";
import type { RunMemory } from "./run-memory.ts";
import type { ClientSettings } from "./settings.ts";

/** A thing that a request may create at the broker, with the ids for its deletion. */
export type Thing = Pick<LeftBehind, "kind" | "id"> & RequestOptions & { readonly instanceId: string };

/** The parts of a client that the removal of a thing needs. */
interface Remover {
  readonly settings: ClientSettings;
  readonly room: Room;
  send(operation: Operation, options?: RequestOptions): Promise<Answer>;
  settle(offer: Offer, answer: Answer): Promise<EndedOperation>;
  requestFor(operation: Operation, options: RequestOptions): RawRequest;
  deletionOf(offer: Offer, instanceId: string, attempt: number, kind: "instance" | "binding"): Record<string, string>;
}

/** The record of a thing before it is requested: how to remove it, with this client and by hand. */
export function entryFor(
  client: Remover,
  memory: RunMemory,
  {
    operation,
    offer,
    thing,
  }: { readonly operation: "deprovision" | "unbind"; readonly offer: Offer; readonly thing: Thing },
): LedgerEntry {
  const { kind, id, ...ids } = thing;
  const options = (attempt: number) => ({
    ...ids,
    query: client.deletionOf(offer, ids.instanceId, attempt, kind === "binding" ? "binding" : "instance"),
  });
  const remove = async (attempt: number): Promise<EndedOperation> =>
    client.settle(offer, await client.send(operation, { ...options(attempt), intent: "cleanup" }));
  return {
    kind,
    id,
    instanceId: ids.instanceId,
    curl: curlLine(publicRequest(client.requestFor(operation, options(0)))),
    remove: () =>
      removeUntilGone(client.settings, memory, {
        id,
        isStalled: () => memory.isStalled(offer, operation),
        attempt: (attempt) => answerOrSilence(remove(attempt)),
        isBusy: (refusal) => isBusy(client, offer, refusal),
      }).finally(() => {
        if (kind === "instance") client.room.free(id);
      }),
  };
}
