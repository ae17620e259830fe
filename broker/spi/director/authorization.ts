import Type from "typebox";
import { Compile } from "typebox/compile";
import type { BrokerConfig } from "../../config.ts";
import type { Host } from "../../host.ts";
import { basicAuthorization } from "../../http/authorization.ts";
import { bodyOf, exchange, expectStatus } from "../../http/client.ts";

const INFO = Compile(
  Type.Object({
    user_authentication: Type.Optional(
      Type.Object({
        type: Type.String(),
        options: Type.Optional(Type.Object({ url: Type.Optional(Type.String()) })),
      }),
    ),
  }),
);
const TOKEN = Compile(
  Type.Object({ token_type: Type.String(), access_token: Type.String(), expires_in: Type.Number() }),
);

/** Tokens are renewed this long before they expire. */
const LEEWAY_S = 15;

interface Bearer {
  readonly value: string;
  readonly untilMs: number;
}

/** Where the director's tokens come from; undefined if it accepts basic credentials. */
async function findUaa({ director }: BrokerConfig, host: Host): Promise<string | undefined> {
  if (director.uaaUrl !== undefined) return director.uaaUrl;
  const answer = await exchange(host, { method: "GET", url: `${director.url}/info` });
  const { user_authentication: stated } = bodyOf(expectStatus(answer, "the director's /info", 200), INFO);
  return stated?.type === "uaa" ? stated.options?.url : undefined;
}

async function fetchToken(uaaUrl: string, basic: string, host: Host): Promise<Bearer> {
  const answer = await exchange(host, {
    method: "POST",
    url: `${uaaUrl}/oauth/token`,
    headers: {
      authorization: basic,
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
    },
    body: "grant_type=client_credentials",
  });
  const token = bodyOf(expectStatus(answer, "UAA", 200), TOKEN);
  return {
    value: `${token.token_type} ${token.access_token}`,
    untilMs: host.nowMs() + (token.expires_in - LEEWAY_S) * 1000,
  };
}

/**
 * The value of the Authorization header for a director: basic credentials or a bearer token, as the director's `/info` says. A token is
 * renewed before it ends.
 */
export function directorAuthorization(config: BrokerConfig, host: Host): () => Promise<string> {
  const { client, clientSecret } = config.director;
  const basic = basicAuthorization(client, clientSecret);
  let uaa: { readonly url: string | undefined } | undefined;
  let bearer: Bearer = { value: "", untilMs: 0 };
  return async () => {
    uaa ??= { url: await findUaa(config, host) };
    if (uaa.url === undefined) return basic;
    if (host.nowMs() < bearer.untilMs) return bearer.value;
    bearer = await fetchToken(uaa.url, basic, host);
    return bearer.value;
  };
}
