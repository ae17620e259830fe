import type { Kernel, Service } from "../../kernel/index.ts";
import { createNameServer, defineFace, type NameServer } from "../face.ts";
import { type BoshDnsOptions, BoshDnsServer } from "./server.ts";

export type { BoshDnsConfig } from "./config.ts";
export type { HealthSource } from "./health.ts";
export { createHealthServer, type HealthServer, type InstanceJob } from "./health-server.ts";
export type { InstanceHealth } from "./state.ts";

/** BOSH DNS: answers from the director's records. */
export interface BoshDns extends NameServer {
  readonly name: string;
  /** Its API, behind TLS: clients show certificates. */
  readonly http: Service;
  /** Writes the records file, which is noticed within a second. */
  write(records: string): void;
  /** The first IPv4 address of a name in the records. */
  resolve(name: string): string | undefined;
}

/** @throws Error for a configuration that the real one refuses to start with */
export function createBoshDns(kernel: Kernel, options: BoshDnsOptions): BoshDns {
  const { name = "bosh-dns" } = options;
  const server = new BoshDnsServer(kernel, name, options);
  kernel.restored.add(() => server.restore());
  return {
    name,
    http: server.http,
    ...createNameServer(kernel, defineFace(kernel, "bosh-dns", [name]), name, {
      look: ({ message, transport }) => server.ask(message, transport),
      lookBack: ({ message, transport }, ageMs) => server.askBack(message, transport, ageMs),
    }),
    write: kernel.onInput(`bosh-dns:write/${name}`, (records: string) => server.write(records)),
    resolve: (asked) => server.addressOf(asked),
  };
}
