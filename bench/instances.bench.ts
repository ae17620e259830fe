import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { createDataServices } from "../simulators/dataservices/index.ts";
import { LivePlane } from "../simulators/dataservices/live/index.ts";
import { AGENT } from "../simulators/dataservices/testing.ts";
import { WallDriver, wallNowMs } from "../simulators/kernel/edge/drive.ts";
import { basicHeader, Kernel } from "../simulators/kernel/index.ts";
import type { Benchmark } from "./bench.ts";

/** How many instances are live at once; `DRYDOCK_INSTANCES` overrides it. */
const INSTANCES = Number(process.env.DRYDOCK_INSTANCES ?? 20);
const AT_ONCE = 4;
const PORT = 5432;
const KIB_PER_GIB = 1024 * 1024;
const LIMIT_GIB = 12;

const addressOf = (at: number): string => `127.201.${Math.floor(at / 200)}.${(at % 200) + 1}`;

/** Memory of the processes of all PostgreSQL servers on this machine, with shared pages counted once, in GiB. */
function memoryGib(): number {
  let kib = 0;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("postgres")) continue;
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // The process has ended meanwhile.
    }
  }
  return kib / KIB_PER_GIB;
}

/** Creates a user on an instance and connects as that user, which starts the server. Returns the session, which stays open. */
async function connect(address: string, database: string): Promise<pg.Client> {
  const login = { user: "u1", password: "p1" };
  const answer = await fetch(`http://${address}:${AGENT.port}/v1/credentials/${login.user}`, {
    method: "PUT",
    headers: { authorization: basicHeader(AGENT.username, AGENT.password) },
    body: JSON.stringify({ password: login.password }),
  });
  if (answer.status !== 201) throw new Error(`no user: ${answer.status}`);
  const client = new pg.Client({ host: address, port: PORT, ssl: false, database, ...login });
  client.on("error", () => {});
  await client.connect();
  await client.query("create table t (x int)");
  await client.query("insert into t values (1)");
  return client;
}

interface InstanceFigures {
  readonly gib: number;
  readonly perSecond: number;
  readonly answering: number;
}

async function measureInstances(): Promise<InstanceFigures> {
  const driver = new WallDriver(new Kernel({ startMs: wallNowMs(), pace: "instant" }));
  const services = createDataServices(driver.kernel);
  const plane = await LivePlane.open({ services, driver, enginesMax: INSTANCES, idleMsMax: 3_600_000 });
  const before = memoryGib();
  const clients: pg.Client[] = [];
  try {
    for (let at = 0; at < INSTANCES; at++) {
      const place = { address: addressOf(at), deployment: `d${at}`, index: 0, bootstrap: true, disk: `disk-${at}` };
      services.start({ kind: "postgresql", ...place, properties: { database: `d${at}`, port: PORT, agent: AGENT } });
    }
    await plane.settle();
    const begin = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      while (next < INSTANCES) {
        const at = next++;
        clients.push(await connect(addressOf(at), `d${at}`));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const perSecond = (INSTANCES / (performance.now() - begin)) * 1000;
    const answers = await Promise.all(clients.map((client) => client.query("select x from t")));
    return { gib: memoryGib() - before, perSecond, answering: answers.filter(({ rowCount }) => rowCount === 1).length };
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await plane.close();
    driver.stop();
  }
}

export const INSTANCE_BENCHMARKS: readonly Benchmark[] = [
  {
    name: `${INSTANCES} live PostgreSQL at once, memory`,
    aim: { text: `<= ${LIMIT_GIB} GiB`, met: (value) => value <= LIMIT_GIB },
    measure: async () => {
      const { gib, perSecond, answering } = await measureInstances();
      if (answering !== INSTANCES) throw new Error(`only ${answering} answer`);
      return { value: gib, unit: "GiB", baseline: { name: "started a second", value: perSecond } };
    },
  },
];
