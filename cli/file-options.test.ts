import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { DRYDOCK_SCHEMA } from "../conformance/settings/schema.ts";
import { optionNameOf, SECTIONS_OF } from "./file-options.ts";
import { createProgram } from "./program.ts";

const COMMANDS = ["certify", "load", "up", "exec"] as const;

function commandOf(drydock: Command, name: string): Command {
  const found = drydock.commands.find((each) => each.name() === name);
  if (found === undefined) throw new Error(`no command ${name}`);
  return found;
}

const keysOf = (section: "target" | "certify" | "cloud" | "load"): readonly string[] =>
  Object.keys(DRYDOCK_SCHEMA.properties[section].properties);

/** Options that a file can't hold: secrets, and what belongs to one call only. */
const ON_THE_COMMAND_LINE = new Set(
  [
    "password",
    "token",
    "config",
    "json",
    "quiet",
    "ui",
    "evidence",
    "only",
    "sign",
    "no-waivers",
    "name",
    "detach",
    "data",
  ]
    .concat(["log-file", "keep", "connections", "max-waiting", "beside"])
    .map((each) => `--${each}`),
);

/** The options with which a command would run, and its arguments. */
async function optionsOf(words: readonly string[], file: string) {
  const path = join(mkdtempSync(join(tmpdir(), "drydock-file-")), "drydock.yml");
  writeFileSync(path, file);
  const drydock = createProgram();
  const [name = "", ...rest] = words;
  const command = commandOf(drydock, name);
  let seen: readonly unknown[] = [];
  command.action((...given: unknown[]) => void (seen = given.slice(0, command.registeredArguments.length)));
  await drydock.parseAsync([name, "--config", path, ...rest], { from: "user" });
  return { options: command.opts<Record<string, unknown>>(), arguments: seen };
}

describe("options in drydock.yml", () => {
  it.each(COMMANDS)("has a key for each option of %s that a project can keep", (name) => {
    const keys = SECTIONS_OF[name].flatMap(keysOf).map((key) => `--${optionNameOf(key)}`);
    const options = commandOf(createProgram(), name).options.map(({ long }) => long ?? "");
    const kept = options.filter((each) => !ON_THE_COMMAND_LINE.has(each));
    expect(keys.filter((each) => each !== "--target").toSorted()).toEqual(
      kept.filter((each) => each !== "--target").toSorted(),
    );
  });

  it.each(COMMANDS)("offers the same choices as %s", (name) => {
    const command = commandOf(createProgram(), name);
    const choices = SECTIONS_OF[name].flatMap((section) =>
      Object.entries(DRYDOCK_SCHEMA.properties[section].properties).flatMap(([key, schema]) => {
        const option = command.options.find(({ long }) => long === `--${optionNameOf(key)}`);
        return "enum" in schema ? [[key, [...schema.enum], [...(option?.argChoices ?? [])]] as const] : [];
      }),
    );
    for (const [, inFile, onCommandLine] of choices) expect(inFile).toEqual(onCommandLine);
  });

  it("are those of the command line", async () => {
    const file = `
target: {url: "http://127.0.0.1:8080", username: admin}
load: {rate: 5/s, users: 3, threshold: ["p99<1s", "errors<1%"], parameters: {region: eu}}`;
    const { options } = await optionsOf(["load"], file);
    expect(options).toMatchObject({
      target: "http://127.0.0.1:8080",
      username: "admin",
      rate: "5/s",
      users: 3,
      threshold: ["p99<1s", "errors<1%"],
      parameters: '{"region":"eu"}',
      for: "30s",
    });
  });

  it("give certify its broker", async () => {
    const file = "target: {url: 'http://127.0.0.1:8080'}\ncertify: {jobs: 3, plans: first}\n";
    const run = await optionsOf(["certify"], file);
    expect(run.arguments).toEqual(["http://127.0.0.1:8080"]);
    expect(run.options).toMatchObject({ jobs: 3, plans: "first" });
    expect((await optionsOf(["certify", "http://127.0.0.1:9000"], file)).arguments).toEqual(["http://127.0.0.1:9000"]);
  });

  it("give up its cloud, with director and faults as they stand in the file", async () => {
    const file = `
cloud:
  services: [postgresql, redis]
  ipv6: true
  node_ttl: 5s
  director: {workers: 5}
  faults: [{at: 1s, point: "bosh:*", effect: {kind: reset}}]`;
    const { options } = await optionsOf(["up"], file);
    expect(options).toMatchObject({
      services: ["postgresql", "redis"],
      ipv6: true,
      nodeTtl: "5s",
      director: '{"workers":5}',
      faults: '[{"at":"1s","point":"bosh:*","effect":{"kind":"reset"}}]',
      pace: "fast",
    });
  });

  it("yield to the command line", async () => {
    const { options } = await optionsOf(["up", "--seed", "9", "--pace", "fast"], "cloud: {seed: 1, pace: instant}");
    expect(options).toMatchObject({ seed: 9, pace: "fast" });
  });

  it.each([
    ["up", "cloud: {node_ttl: soon}", /"cloud\.node_ttl" must be a duration/],
    ["up", "cloud: {consul_version: '0.1'}", /"cloud\.consul_version" must be one of/],
    ["certify", "certify: {jobs: 0}", /"certify\.jobs" must be a whole number from 1/],
    ["up", "cloud: {pace: soon}", /"cloud\.pace" must be one of realistic, fast, instant/],
    ["load", "load: {rat: 5/s}", /unknown key "load\.rat"/],
  ])("of %s that are wrong are refused: %s", async (name, file, message) => {
    await expect(optionsOf([name], file)).rejects.toThrow(message);
  });
});
