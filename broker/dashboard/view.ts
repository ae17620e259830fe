import { backupsOf } from "../backup/routes/extension.ts";
import { settingsOf } from "../backup/history.ts";
import { type Moments, momentsOf } from "../backup/moments.ts";
import { BackendError, FinalError } from "../errors.ts";
import type { ControlPlane } from "../osb/operations.ts";
import { maintenanceOf } from "../spi/maintenance.ts";
import { DirectorClient } from "../spi/director/client.ts";
import { readVitals, type VmVitals } from "../spi/director/vitals.ts";
import type { Plan } from "../spi/services/service.ts";
import type { BackupRow, BackupSettingsRow, BindingRow, InstanceRow, RestoreRow } from "../store/schema.ts";
import { planOf } from "../operations/context.ts";

/** Everything that a dashboard shows of an instance. It holds no secrets. */
export interface DashboardView {
  readonly instance: Pick<InstanceRow, "id" | "deployment" | "state" | "created_ms">;
  readonly service: string;
  readonly plan: Plan;
  readonly madeOf: string;
  /** The operation in progress, if any. */
  readonly busyWith: string | undefined;
  readonly quarantine: string | undefined;
  readonly bindings: readonly Pick<BindingRow, "id" | "state" | "created_ms">[];
  /** Undefined while the director can't be asked. */
  readonly vms: readonly VmVitals[] | undefined;
  readonly backups: readonly BackupRow[];
  readonly restores: readonly RestoreRow[];
  /** To which times it can be restored; undefined when to none. */
  readonly moments: Moments | undefined;
  readonly settings: BackupSettingsRow;
}

/** Reads the metrics of an instance's VMs; undefined while they are unavailable: the page is shown without them. */
type ReadMetrics = (instance: InstanceRow) => Promise<readonly VmVitals[] | undefined>;

/** Metrics are this old at most, ms: each reading costs the director a task. */
const METRICS_MS_MAX = 15_000;
const KEPT_MAX = 1000;

/** Makes the reader of metrics, which caches them for a moment. */
export function createMetricsReader({ context: { config, host } }: ControlPlane): ReadMetrics {
  const client = new DirectorClient(config, host);
  const kept = new Map<string, { readonly atMs: number; readonly vms: Promise<readonly VmVitals[] | undefined> }>();
  return ({ deployment }) => {
    const known = kept.get(deployment);
    if (known !== undefined && host.nowMs() - known.atMs < METRICS_MS_MAX) return known.vms;
    const vms = readVitals(client, host, deployment).catch((error: unknown) => {
      if (error instanceof BackendError || error instanceof FinalError) return undefined;
      throw error;
    });
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(deployment, { atMs: host.nowMs(), vms });
    return vms;
  };
}

/** Reads what a dashboard shows. @throws StoreError */
export async function viewOf(
  controlPlane: ControlPlane,
  instance: InstanceRow,
  metrics: ReadMetrics,
): Promise<DashboardView> {
  const { context } = controlPlane;
  const { store, service, catalog } = context;
  const plan = planOf(context, instance.plan_id);
  const bindings = await store.bindingsOf(instance.id);
  return {
    instance,
    service: service.offerings.find(({ id }) => id === plan.offeringId)?.name ?? "",
    plan,
    madeOf: maintenanceOf(instance.maintenance, catalog.maintenance).version,
    busyWith: (await store.busyWith(instance.id))?.kind,
    quarantine: (await store.quarantineOf(instance.id))?.reason,
    bindings: bindings.map(({ id, state, created_ms }) => ({ id, state, created_ms })),
    vms: await metrics(instance),
    backups: (await backupsOf(controlPlane, instance)).toReversed(),
    restores: (await store.restoresOf(instance.id)).toReversed(),
    moments: await momentsOf(context, instance),
    settings: await settingsOf(context, instance),
  };
}
