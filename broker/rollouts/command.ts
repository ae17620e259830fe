import { getCACertificates, setDefaultCACertificates } from "node:tls";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { ConfigError } from "../config.ts";
import { basicAuthorization } from "../http/authorization.ts";
import { createLog } from "../log.ts";
import type { Settings } from "../settings.ts";

const POLL_MS = 1000;

const View = Type.Object({
  id: Type.String(),
  state: Type.String(),
  waves: Type.Number(),
  updated: Type.Number(),
  failed: Type.Array(Type.Object({ id: Type.String(), why: Type.String() })),
  skipped: Type.Array(Type.Object({ id: Type.String(), why: Type.String() })),
});
type View = Type.Static<typeof View>;
const VIEW = Compile(View);

/**
 * Has a running broker with these settings update its instances, and follows it to the end, with a line of the log for each wave.
 *
 * @param wave instances at once. Default: the broker's own
 * @returns the exit code: 0 if every instance was updated, else 1
 * @throws ConfigError CONFIG_NO_BROKER if no broker answers, or it refuses
 */
export async function updateInstances(settings: Settings, wave?: number): Promise<number> {
  const { listen, tls, caCert, broker } = settings;
  const log = createLog(settings);
  if (caCert !== undefined) setDefaultCACertificates([...getCACertificates("default"), caCert]);
  const url = `${tls === undefined ? "http" : "https"}://${listen.host}:${listen.port}/operator/rollouts`;
  const authorization = basicAuthorization(broker.admin.username, broker.admin.password);
  const ask = async (at: string, init: RequestInit = {}): Promise<View> => {
    const headers = { authorization, "content-type": "application/json" };
    const answer = await fetch(at, { ...init, headers }).catch((error: unknown) => {
      throw new ConfigError("CONFIG_NO_BROKER", `${url} (${String(error)})`);
    });
    const view: unknown = await answer.json();
    if (VIEW.Check(view)) return view;
    throw new ConfigError("CONFIG_NO_BROKER", `${url} answered ${answer.status}`);
  };
  let view = await ask(url, { method: "POST", body: JSON.stringify(wave === undefined ? {} : { wave }) });
  for (let logged = -1; ; view = await ask(`${url}/${view.id}`)) {
    const { id, state, waves, updated, failed, skipped } = view;
    if (waves !== logged || state !== "running")
      log("rollout", { rollout: id, state, waves, updated, failed, skipped });
    logged = waves;
    if (state !== "running") return state === "succeeded" ? 0 : 1;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
