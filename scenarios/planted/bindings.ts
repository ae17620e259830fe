import { type NamedBug, withRequests, withStore } from "./bug.ts";

const CREDENTIALS = /\/v1\/credentials\//;

/** Bugs of bindings. */
export const BINDING_BUGS: readonly NamedBug[] = [
  {
    name: "credential-survives-unbind",
    part: "broker",
    does: "reports that a binding is gone although it never deleted the user",
    bug: withRequests("DELETE", CREDENTIALS, async () => new Response(null, { status: 204 })),
  },
  {
    name: "credential-survives-failed-unbind",
    part: "broker",
    does: "considers a user deleted although the agent did not answer",
    bug: withRequests("DELETE", CREDENTIALS, async (send) => {
      const answer = await send().catch(() => undefined);
      return answer === undefined || answer.status >= 500 ? new Response(null, { status: 204 }) : answer;
    }),
  },
  {
    name: "bind-without-user",
    part: "broker",
    does: "hands out the credentials of a user that it never created",
    bug: withRequests("PUT", CREDENTIALS, async () => new Response("{}", { status: 200 })),
  },
  {
    name: "bind-error-swallowed",
    part: "broker",
    does: "hands out credentials although the agent failed to create the user",
    bug: withRequests("PUT", CREDENTIALS, async (send) => {
      const answer = await send().catch(() => undefined);
      return answer === undefined || answer.status >= 500 ? new Response("{}", { status: 200 }) : answer;
    }),
  },
  {
    name: "bindings-share-a-user",
    part: "broker",
    does: "gives a second binding the user of the first",
    bug: withStore((store) => ({
      openOperation: async (operation, order) => {
        if (order?.record?.table !== "bindings") return store.openOperation(operation, order);
        const [first] = await store.bindingsOf(order.record.row.instance_id);
        const { username, password } = first ?? order.record.row;
        return store.openOperation(operation, {
          ...order,
          record: { ...order.record, row: { ...order.record.row, username, password } },
        });
      },
    })),
  },
  {
    name: "unbind-keeps-record",
    part: "broker",
    does: "keeps the record of a binding that is gone",
    bug: withStore(() => ({ deleteBinding: async () => undefined })),
  },
];
