import type { Scenario } from "../bosh/parity/recording.ts";
import { readScenarios } from "../parity/recording.ts";
import { basicHeader, type Service } from "../kernel/index.ts";
import type { Bosh } from "../bosh/index.ts";
import { Client } from "../bosh/parity/client.ts";
import { createUaa } from "../bosh/auth/uaa.ts";
import { Pool } from "./pool.ts";
import type { RealFailure, Sample, Target } from "./target.ts";

/** How the director answers whatever it does not expect; an error thrown by our own code carries a `crash`. */
const EMPTY_500: RealFailure = {
  fits: (_request, { body }) => body === "",
  isEmpty: true,
  source: "recorded from a director: whatever its handlers do not expect is 500 without a body",
};
const NOT_IMPLEMENTED: RealFailure = {
  fits: (_request, { body }) => body === "listing active networks is not implemented",
  source: "recorded from a director: GET /networks without `orphaned`",
};

/** A director with a deployment, and the UAA beside it. */
export async function boshTargets(
  seed: number | string,
  recordings: string,
): Promise<{ readonly targets: readonly Target[]; readonly bosh: Bosh }> {
  const client = new Client(recordings, undefined, seed);
  for (const verb of [
    "upload-stemcell stemcell-1.1.tgz",
    "upload-release demo-1.tgz",
    "update-cloud-config cloud.yml",
    "update-runtime-config runtime.yml",
    "deploy demo.yml",
  ])
    await client.run(verb);
  const pool = new Pool();
  const director: Target = {
    name: "bosh",
    kernel: client.kernel,
    service: client.bosh.director,
    samples: samplesOf(recordings, client),
    pool,
    variables: new Map<string, unknown>([[":deployment", "demo"]]),
    origin: "https://127.0.0.1:25555",
    caller: (random) =>
      random.chance(0.9)
        ? { authorization: basicHeader("admin", "adminpw") }
        : { authorization: random.pick([basicHeader("team-a", "teampw"), "Basic !", "bearer a.b.c"]) },
    realFailures: [EMPTY_500, NOT_IMPLEMENTED],
    reachMin: 0.4,
  };
  const uaa = uaaTarget(client);
  return { targets: [director, uaa], bosh: client.bosh };
}

function uaaTarget(client: Client): Target {
  const { kernel } = client;
  const service: Service = createUaa(kernel, {
    url: "https://127.0.0.1:8443",
    ...client.signing(),
    clients: [{ id: "admin", secret: "secret", scopes: ["bosh.admin"] }],
    users: [{ name: "ann", password: "pw", scopes: ["bosh.read"] }],
  });
  const type = { "content-type": "application/x-www-form-urlencoded" };
  const token = (body: string): Sample => ({ method: "POST", path: "/oauth/token", headers: type, body });
  return {
    name: "uaa",
    kernel,
    service,
    samples: [
      token("grant_type=client_credentials&client_id=admin&client_secret=secret"),
      token("grant_type=password&username=ann&password=pw"),
      token("grant_type=refresh_token&refresh_token=a.b.c"),
    ],
    pool: new Pool(),
    variables: new Map(),
    origin: "https://127.0.0.1:8443",
    caller: (random) => (random.chance(0.5) ? {} : { authorization: basicHeader("admin", "secret") }),
    realFailures: [],
    reachMin: 0.5,
  };
}

function samplesOf(recordings: string, client: Client): readonly Sample[] {
  return readScenarios<Scenario>(recordings).flatMap(({ steps }) =>
    steps.flatMap((step): Sample[] => {
      if (!("request" in step)) return [];
      const { method, path, headers = {}, json, body, body_ref: fixture } = step.request;
      const names = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      // Archives are not corrupted here: their readers have tests of their own.
      const text = fixture?.endsWith(".yml") === true ? client.fixture(fixture).toString("utf8") : body;
      return [{ method, path, headers: names, body: json ?? text }];
    }),
  );
}
