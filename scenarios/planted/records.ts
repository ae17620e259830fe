import { type NamedBug, withStore } from "./bug.ts";

/** Bugs of the broker's records and of its operations. */
export const RECORD_BUGS: readonly NamedBug[] = [
  {
    name: "operations-lost-with-process",
    part: "broker",
    does: "does not resume what a killed process left open",
    bug: withStore(() => ({ takeFree: async () => [], ownOperations: async () => [] })),
  },
  {
    name: "failure-reported-as-success",
    part: "broker",
    does: "reports a failed operation as succeeded",
    bug: withStore((store) => ({ endOperation: (id) => store.endOperation(id, "succeeded", "") })),
  },
  {
    name: "success-reported-as-failure",
    part: "broker",
    does: "reports a successful operation as failed",
    bug: withStore((store) => ({ endOperation: (id) => store.endOperation(id, "failed", "it did not succeed") })),
  },
  {
    name: "deprovision-keeps-record",
    part: "broker",
    does: "keeps the record of an instance that is gone",
    bug: withStore(() => ({ deleteInstance: async () => undefined })),
  },
  {
    name: "update-not-recorded",
    part: "updater",
    does: "reports the old plan after an update",
    bug: withStore((store) => ({
      setInstance: (row, change) => store.setInstance(row, { ...change, plan_id: row.plan_id }),
    })),
  },
  {
    name: "parameters-not-recorded",
    part: "updater",
    does: "reports the old parameters after an update",
    bug: withStore((store) => ({
      setInstance: (row, change) => store.setInstance(row, { ...change, parameters: row.parameters }),
    })),
  },
  {
    name: "update-recorded-before-deploy",
    part: "updater",
    does: "reports the new plan although the update failed",
    bug: withStore((store) => ({
      openOperation: async (operation, order) => {
        const isOpened = await store.openOperation(operation, order);
        const row = operation.kind === "update" ? await store.instance(operation.instance_id) : undefined;
        const { planId }: { planId?: unknown } = JSON.parse(operation.payload === "" ? "{}" : operation.payload);
        if (isOpened && row !== undefined && typeof planId === "string")
          await store.setInstance(row, { plan_id: planId });
        return isOpened;
      },
    })),
  },
  {
    name: "stale-address",
    part: "broker",
    does: "keeps using the first address of an instance after its VM was replaced",
    bug: withStore((store) => ({
      setInstance: (row, change) =>
        store.setInstance(row, row.address === "" ? change : { ...change, address: row.address }),
    })),
  },
  {
    name: "failed-instance-stays-ready",
    part: "broker",
    does: "keeps a failed provision as if it had succeeded",
    bug: withStore((store) => ({
      setInstance: (row, change) =>
        store.setInstance(row, { ...change, ...(change.state === "failed" && { state: "ready" }) }),
    })),
  },
];
