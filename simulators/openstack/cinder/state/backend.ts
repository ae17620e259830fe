import type { Cloud } from "../../cloud.ts";
import type { Cinder } from "./cinder.ts";

/** Where the data of volumes is. */
interface Backend {
  /** The machine of the service. */
  readonly machine: string;
  /** The name by which volume types ask for it, as `volume_backend_name`. */
  readonly name: string;
  readonly protocol: string;
}

const RIG: Backend = { machine: "ref", name: "fake", protocol: "fake" };
const LVM: Backend = { machine: "volume-1", name: "lvm", protocol: "iSCSI" };

/** The one back end of a cloud. */
export const backendOf = ({ profile }: Pick<Cloud, "profile">): Backend => (profile === "rig" ? RIG : LVM);

/** The `host` of volumes: machine, back end and pool. */
export const hostOf = (cloud: Pick<Cloud, "profile">): string => {
  const { machine, name } = backendOf(cloud);
  return `${machine}@${name}#${name}`;
};

/** A service of Cinder that reports to the control plane. */
export interface VolumeService {
  readonly binary: string;
  readonly host: string;
}

/** Every service; the recorded rig has none for backups. */
export function servicesOf({ cloud }: Cinder): readonly VolumeService[] {
  const { machine, name } = backendOf(cloud);
  const isRig = cloud.profile === "rig";
  return [
    ...(isRig ? [] : [{ binary: "cinder-backup", host: machine }]),
    { binary: "cinder-scheduler", host: isRig ? machine : "controller" },
    { binary: "cinder-volume", host: `${machine}@${name}` },
  ];
}

const keyOf = ({ binary, host }: VolumeService): string => `${binary} ${host}`;

/** Why a service is disabled; null without a reason, `undefined` where it is enabled. */
export const whyDisabled = ({ slot }: Cinder, service: VolumeService): string | null | undefined =>
  slot.value.disabledServices.get(keyOf(service));

/** Disables a service, for a reason or none, or (`undefined`) enables it. */
export function setDisabled(cinder: Cinder, service: VolumeService, reason: string | null | undefined): void {
  const { disabledServices } = cinder.slot.value;
  if (reason === undefined) disabledServices.delete(keyOf(service));
  else disabledServices.set(keyOf(service), reason);
  cinder.cloud.kernel.record("cinder", "service.update", keyOf(service), { isDisabled: reason !== undefined });
}

/** Whether a service of this kind takes work. */
export const isServed = (cinder: Cinder, binary: "cinder-backup" | "cinder-volume"): boolean =>
  servicesOf(cinder).some((each) => each.binary === binary && whyDisabled(cinder, each) === undefined);
