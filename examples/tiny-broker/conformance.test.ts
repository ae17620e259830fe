import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { describeConformance } from "drydock-broker-conformance";

async function start(): Promise<{ broker: ChildProcess; port: number }> {
  const broker = spawn(process.execPath, [fileURLToPath(new URL("broker.mjs", import.meta.url)), "0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, BROKER_PASSWORD: "of-the-test" },
  });
  const [line] = (await once(broker.stdout, "data")) as [Buffer];
  return { broker, port: Number(/\d+/.exec(line.toString())?.[0]) };
}

const { broker, port } = await start();
afterAll(() => void broker.kill());

await describeConformance({
  url: `http://127.0.0.1:${port}`,
  username: "admin",
  password: "of-the-test",
  profile: "osb-2.17",
  title: "the tiny broker",
});
