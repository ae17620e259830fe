import type { Environment } from "../../simulators/environment.ts";
import { type InstanceRecord, InstanceRecords } from "../laws/instance-records.ts";
import { basicAuthorization, expectBody } from "./answers.ts";

/** What a client of an operator has to know of a reference broker. */
export interface OperatorAddress {
  readonly url: string;
  /** What its operators log in with. */
  readonly operator: { readonly username: string; readonly password: string };
}

/** What the reference broker states of its instances, to its operators (GET /instances). @throws ScenarioError */
export async function fetchRecords(
  environment: Environment,
  { url, operator }: OperatorAddress,
): Promise<readonly InstanceRecord[]> {
  const headers = { authorization: basicAuthorization(operator.username, operator.password) };
  const response = await environment.fetch(`${url}/instances`, { headers });
  return (await expectBody(response, "GET /instances", InstanceRecords, 200)).instances;
}
