import Type from "typebox";
import { basicHeader } from "../../simulators/kernel/index.ts";
import { parseAs } from "../clients/answers.ts";
import { ScenarioError } from "../errors.ts";
import { httpTransport, type LoadReply } from "../load/transport.ts";

const Deployments = Type.Array(Type.Object({ name: Type.String() }));
const Info = Type.Object({
  user_authentication: Type.Object({ options: Type.Optional(Type.Object({ url: Type.String() })) }),
});
const Token = Type.Object({ access_token: Type.String() });

const TIMEOUT_MS = 30_000;

const bodyOf = (what: string, reply: LoadReply): unknown => {
  if (reply.kind === "answer" && reply.status === 200) return reply.body;
  const why = reply.kind === "error" ? reply.what : String(reply.status);
  throw new ScenarioError("SCENARIO_UNEXPECTED_ANSWER", `the director: ${what}: ${why}`);
};

/**
 * Lists the names of the director's deployments, sorted.
 *
 * @param environment `BOSH_…`, as for the bosh CLI
 * @throws ScenarioError
 */
export async function listDeployments(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
  const { BOSH_ENVIRONMENT: url = "", BOSH_CLIENT = "", BOSH_CLIENT_SECRET = "", BOSH_CA_CERT: ca } = environment;
  const common = { timeoutMs: TIMEOUT_MS, ...(ca !== undefined && { ca }) };
  const basic = basicHeader(BOSH_CLIENT, BOSH_CLIENT_SECRET);
  const director = httpTransport({ url, headers: {}, ...common });
  try {
    const info = bodyOf("GET /info", await director.send({ method: "GET", path: "/info" }));
    const uaa = parseAs(Info, info, "GET /info").user_authentication.options?.url;
    const authorization = uaa === undefined ? basic : `Bearer ${await fetchToken(uaa, basic, common)}`;
    const reply = await director.send({ method: "GET", path: "/deployments", headers: { authorization } });
    const listed = parseAs(Deployments, bodyOf("GET /deployments", reply), "GET /deployments");
    return listed.map(({ name }) => name).toSorted();
  } finally {
    director.close();
  }
}

async function fetchToken(
  url: string,
  authorization: string,
  common: { readonly timeoutMs: number; readonly ca?: string },
): Promise<string> {
  const uaa = httpTransport({ url, headers: {}, ...common });
  const headers = { authorization, "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
  const request = { method: "POST", path: "/oauth/token", headers, body: "grant_type=client_credentials" };
  const reply = await uaa.send(request).finally(() => uaa.close());
  return parseAs(Token, bodyOf("POST /oauth/token", reply), "POST /oauth/token").access_token;
}
