import type { Environment } from "../../simulators/environment.ts";
import { type InstanceRecord, InstanceRecords } from "../laws/instance-records.ts";
import { basicHeader } from "../../simulators/kernel/index.ts";
import { expectBody } from "./answers.ts";

/** The address of a reference broker, and its operators' login. */
interface OperatorAddress {
  readonly url: string;
  readonly operator: { readonly username: string; readonly password: string };
}

/** Fetches the reference broker's records (GET /instances), with the login of its operators. @throws ScenarioError */
export async function fetchRecords(
  environment: Environment,
  { url, operator }: OperatorAddress,
): Promise<readonly InstanceRecord[]> {
  const headers = { authorization: basicHeader(operator.username, operator.password) };
  const response = await environment.fetch(`${url}/instances`, { headers });
  return (await expectBody(response, "GET /instances", InstanceRecords, 200)).instances;
}
