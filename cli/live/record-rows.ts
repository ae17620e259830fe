import type { BindingRow, Health, InstanceRow } from "../../reports/live/feed.ts";
import type { InstanceRecord } from "../../scenarios/laws/instance-records.ts";

const HEALTH: Readonly<Record<InstanceRecord["state"], Health>> = {
  creating: "busy",
  ready: "ok",
  broken: "broken",
  failed: "broken",
};

/** Service instances and bindings, by the name of the broker that records them. */
export function recordRows(
  records: ReadonlyMap<string, readonly InstanceRecord[]>,
): readonly (InstanceRow | BindingRow)[] {
  return [...records].flatMap(([broker, list]) =>
    list.flatMap(({ id, deployment, state, operation, bindings }) => {
      const instance: InstanceRow = {
        kind: "instance",
        id: `instance/${id}`,
        name: id,
        health: operation === null ? HEALTH[state] : "busy",
        state: operation === null ? state : `${state}: ${operation}`,
        deployment,
        broker,
      };
      return [
        instance,
        ...bindings.map(
          (binding): BindingRow => ({
            kind: "binding",
            id: `binding/${id}/${binding.id}`,
            name: binding.id,
            health: "ok",
            state: binding.state,
            instance: `instance/${id}`,
            deployment,
            username: binding.username,
          }),
        ),
      ];
    }),
  );
}
