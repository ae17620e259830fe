import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { PACKAGE_NAME } from "../../conformance/runner/tool.ts";
import { generateKeys } from "../../reports/certificate/keys.ts";
import { playAction } from "./composite-action.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PASSWORD = "of-the-runner";
const REPORTS = ["run.jsonl", "summary.md", "junit.xml", "report.json", "report.html", "report.sarif", "ctrf.json"];

let broker: ChildProcess;
let url: string;
let folder: string;
let env: NodeJS.ProcessEnv;

/** An npx that runs this checkout, narrowed to a few checks, whatever package is requested, and records its arguments. */
function installNpx(bin: string): void {
  mkdirSync(bin);
  const main = join(ROOT, "cli/main.ts");
  const script = `#!/bin/sh\nprintf '%s\\n' "$@" >'${bin}/asked'\nshift 4\nexec '${process.execPath}' '${main}' "$@" --only 'catalog-*'\n`;
  writeFileSync(join(bin, "npx"), script);
  chmodSync(join(bin, "npx"), 0o755);
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "drydock-ci-"));
  const bin = join(folder, "bin");
  installNpx(bin);
  const { DRYDOCK_PASSWORD: _, DRYDOCK_TOKEN: __, ...outer } = process.env;
  env = { ...outer, PATH: `${bin}${delimiter}${outer["PATH"] ?? ""}`, NO_COLOR: "1" };
  broker = spawn(process.execPath, [join(ROOT, "examples/tiny-broker/broker.mjs"), "0"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, BROKER_PASSWORD: PASSWORD },
  });
  const [line] = (await once(broker.stdout as NonNullable<ChildProcess["stdout"]>, "data")) as [Buffer];
  url = `http://127.0.0.1:${/\d+/.exec(line.toString())?.[0]}`;
});

afterAll(() => {
  broker.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder of the repository under test, as a job sees it. */
function workspace(name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}

const play = (cwd: string, inputs: Readonly<Record<string, string>>) =>
  playAction(join(ROOT, "ci/github/action.yml"), inputs, cwd, env);

describe("the GitHub action", () => {
  it("certifies, summarizes, annotates, uploads and signs", () => {
    const cwd = workspace("github");
    const { privatePem } = generateKeys();
    const inputs = { url, username: "admin", password: PASSWORD, sarif: "true", "sign-key": privatePem };
    const { succeeded, outputs, log, summary, used } = play(cwd, inputs);
    expect(log).toContain("::notice title=drydock::");
    expect(log).not.toContain(PASSWORD);
    expect({ succeeded, outputs }).toEqual({
      succeeded: true,
      outputs: { "exit-code": "0", report: "drydock-report" },
    });
    expect(summary).toMatch(/^# \d+ of \d+ checks: passed/);
    expect(used.map(({ uses }) => uses.split("@")[0])).toEqual([
      "actions/upload-artifact",
      "github/codeql-action/upload-sarif",
    ]);
    expect(existsSync(join(cwd, used[1]?.with["sarif_file"] ?? "nowhere"))).toBe(true);
    expect(readdirSync(join(cwd, "drydock-report"))).toEqual(expect.arrayContaining([...REPORTS, "certificate.json"]));
    expect(readFileSync(join(folder, "bin/asked"), "utf8").split("\n").slice(0, 4)).toEqual([
      "--yes",
      "--package",
      PACKAGE_NAME,
      "drydock",
    ]);
  });

  it("fails with the exit code of certify, after the uploads, and never runs the text of an input", () => {
    const cwd = workspace("hostile");
    const hostile = '$(touch stolen)"; touch stolen #';
    const { succeeded, outputs, used } = play(cwd, { url, username: hostile, password: PASSWORD, out: "reports here" });
    expect({ succeeded, code: outputs["exit-code"], uploads: used.length }).toEqual({
      succeeded: false,
      code: "2",
      uploads: 1,
    });
    expect(existsSync(join(cwd, "stolen"))).toBe(false);
  });
});

describe("the GitLab job", () => {
  it("leaves the artifacts that it declares", () => {
    const cwd = workspace("gitlab");
    const { certify } = parse(readFileSync(join(ROOT, "ci/gitlab.yml"), "utf8")) as {
      certify: {
        variables: Record<string, string>;
        script: string[];
        artifacts: { paths: string[]; reports: { junit: string } };
      };
    };
    const variables = { ...certify.variables, BROKER_URL: url, DRYDOCK_PASSWORD: PASSWORD };
    const { status } = spawnSync("sh", ["-e", "-c", certify.script.join("\n")], { cwd, env: { ...env, ...variables } });
    expect(status).toBe(0);
    for (const path of [...certify.artifacts.paths, certify.artifacts.reports.junit])
      expect(existsSync(join(cwd, path))).toBe(true);
  });
});

describe("the Jenkins pipeline", () => {
  it("leaves the files that it archives", () => {
    const cwd = workspace("jenkins");
    const text = readFileSync(join(ROOT, "ci/Jenkinsfile"), "utf8");
    const [, script = "exit 9"] = /sh '([^']+)'/.exec(text) ?? [];
    const credentials = { BROKER_URL: url, BROKER_USERNAME: "admin", DRYDOCK_PASSWORD: PASSWORD };
    expect(spawnSync("sh", ["-xe", "-c", script], { cwd, env: { ...env, ...credentials } }).status).toBe(0);
    const [, junit = "nowhere"] = /testResults: '([^']+)'/.exec(text) ?? [];
    expect(existsSync(join(cwd, junit))).toBe(true);
    expect(text.match(/[{([]/g)?.length).toBe(text.match(/[})\]]/g)?.length);
  });
});
