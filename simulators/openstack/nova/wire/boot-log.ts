import { createHash } from "node:crypto";
import type { Server } from "../state/server.ts";

/*
 * What a small Linux guest writes to its serial console while it boots. The words are its programs' own; no program runs.
 */

/** The words of the lines. */
interface Guest {
  readonly hostname: string;
  readonly server: Server;
  /** `fa:16:3e:…` and address of each of its ports. */
  readonly nics: readonly { readonly mac: string; readonly ip: string }[];
}

/** Seconds since power-on, as the kernel writes them before each line. */
const stamp = (seconds: number): string => `[${seconds.toFixed(6).padStart(12)}]`;

/** The lines of a boot, oldest first. */
export function bootLogOf({ hostname, server, nics }: Guest): readonly string[] {
  const { ram, vcpus } = server.flavor;
  const fingerprint = createHash("sha256").update(server.id).digest("base64").slice(0, 43);
  const disks = [
    "vda",
    ...server.volumes.filter(({ isRoot }) => !isRoot).map(({ device }) => device.split("/").at(-1)),
  ];
  const kernel = [
    "Linux version 6.1.0-18-cloud-amd64 (debian-kernel@lists.debian.org) #1 SMP PREEMPT_DYNAMIC Debian 6.1.76-1",
    "Command line: BOOT_IMAGE=/boot/vmlinuz-6.1.0-18-cloud-amd64 root=LABEL=root ro console=tty0 console=ttyS0,115200",
    "DMI: OpenStack Foundation OpenStack Nova, BIOS 1.16.2-debian-1.16.2-1 04/01/2014",
    "Hypervisor detected: KVM",
    `Memory: ${ram * 1024 - 38_912}K/${ram * 1024}K available`,
    `smpboot: Allowing ${vcpus} CPUs, 0 hotplug CPUs`,
    ...disks.map(
      (name, at) => `virtio_blk virtio${at + 1}: [${name}] ${server.flavor.disk * 2_097_152} 512-byte logical blocks`,
    ),
    ...nics.map(({ mac }, at) => `virtio_net virtio${at}: eth${at}: ${mac}`),
    "EXT4-fs (vda1): mounted filesystem with ordered data mode. Quota mode: none.",
    "systemd[1]: Detected virtualization kvm.",
    `systemd[1]: Hostname set to <${hostname}>.`,
  ];
  const init = [
    "[  OK  ] Reached target network-pre.target - Preparation for Network.",
    ...nics.map(({ ip }, at) => `cloud-init: ci-info: |  eth${at}  | True | ${ip} |`),
    "cloud-init: Cloud-init v. 22.4.2 running 'modules:final'",
    "-----BEGIN SSH HOST KEY FINGERPRINTS-----",
    `256 SHA256:${fingerprint} root@${hostname} (ED25519)`,
    "-----END SSH HOST KEY FINGERPRINTS-----",
    "cloud-init: Cloud-init v. 22.4.2 finished. Datasource DataSourceOpenStackLocal [net,ver=2].",
    "",
    `Debian GNU/Linux 12 ${hostname} ttyS0`,
    "",
    `${hostname} login: `,
  ];
  return [...kernel.map((line, at) => `${stamp(at * 0.187)} ${line}`), ...init];
}
