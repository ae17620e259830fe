import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConsulVersion } from "../../simulators/dns/index.ts";

const PORT = 28_500;
const UP_MS_MAX = 60_000;
/** The id of its node, so that ours can have the same. */
export const NODE_ID = "11111111-2222-3333-4444-555555555555";

/** A real Consul that runs as a development agent on loopback ports of its own. */
export interface RealConsul {
  readonly httpPort: number;
  readonly dnsPort: number;
  end(): void;
}

/** Starts one. @throws Error when it has no leader within a minute */
export async function startReal(binary: string, version: ConsulVersion, config: object): Promise<RealConsul> {
  const directory = mkdtempSync(join(tmpdir(), "differential-"));
  const common = { http: PORT, dns: PORT + 100, serf_lan: PORT - 199, serf_wan: PORT - 198 };
  const grpc = version === "1.8.7" ? { grpc: PORT + 2 } : { grpc: PORT + 2, grpc_tls: PORT + 3 };
  const file = join(directory, "consul.json");
  writeFileSync(
    file,
    JSON.stringify({ node_name: "agent-1", node_id: NODE_ID, ports: { ...common, ...grpc }, ...config }),
  );
  const child: ChildProcess = spawn(binary, ["agent", "-dev", "-config-file", file], { stdio: "ignore" });
  const end = (): void => {
    child.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  for (const untilMs = Date.now() + UP_MS_MAX; Date.now() < untilMs; await sleep(250)) {
    const leader = await fetch(`http://127.0.0.1:${PORT}/v1/status/leader`).then(
      (reply) => reply.text(),
      () => "",
    );
    if (leader.includes(":")) return { httpPort: PORT, dnsPort: PORT + 100, end };
  }
  end();
  throw new Error("the real Consul has no leader");
}
