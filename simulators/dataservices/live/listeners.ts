import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { DataServices } from "../index.ts";
import type { Instance } from "../state.ts";
import type { LiveEngine } from "./engine.ts";
import { GatedListener } from "./gated-listener.ts";

/** The targets of connections to an instance. */
interface Destinations {
  readonly services: DataServices;
  /** The port of this process's own server for all agents. */
  readonly agentPort: number;
  /** The server for the instance's kind; undefined if there is none. */
  readonly engine: LiveEngine | undefined;
  /** A connection to the instance's node. */
  readonly dial: () => Promise<Socket>;
  readonly report: (error: unknown) => void;
}

/** The listeners of one VM: for its data, and for its agent. */
export interface VmListeners {
  readonly key: string;
  readonly of: Instance;
  readonly opened: Promise<void>;
  open: readonly GatedListener[];
}

/**
 * Opens the listeners of one VM: for its agent, and for its data. There is none for the data if the service does not run, or if its data are not
 * simulated.
 */
export function openListeners(instance: Instance, to: Destinations): Promise<readonly GatedListener[]> {
  const { address, agent, port, state, tls } = instance;
  const { services, engine, dial, report } = to;
  const at = (listensOn: number) => ({
    address,
    port: listensOn,
    admits: (source: string): boolean => services.admits(source, address, listensOn),
    report,
  });
  const dialAgent = (): Promise<Socket> => waitForConnect(connect(to.agentPort, "127.0.0.1"));
  const opening = [GatedListener.open({ ...at(agent.port), dial: dialAgent })];
  const encrypt = tls === undefined ? undefined : encryptionBy(engine, tls);
  if (state === "running" && engine !== undefined)
    opening.push(GatedListener.open({ ...at(port), dial, refuse: engine.refuse, ...(encrypt && { encrypt }) }));
  return Promise.all(opening);
}

/** The properties on which the listeners of a VM depend: if they change, the listeners are reopened. */
export function keyOf({ kind, state, port, agent, disk, tls }: Instance): string {
  return [kind, state, port, agent.port, disk, tls?.certificate].join(" ");
}

type Encrypt = (client: Socket) => Promise<Socket | undefined>;

/** An engine that can't encrypt serves nobody, rather than in clear text. */
function encryptionBy(engine: LiveEngine | undefined, tls: NonNullable<Instance["tls"]>): Encrypt {
  return async (client) => {
    if (engine?.encrypt !== undefined) return engine.encrypt(client, tls);
    client.destroy();
    return undefined;
  };
}

/** The socket, once it is connected. */
export async function waitForConnect(socket: Socket): Promise<Socket> {
  await once(socket, "connect");
  return socket;
}
