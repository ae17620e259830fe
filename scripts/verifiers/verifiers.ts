import { execFile } from "node:child_process";
import { copyFile, mkdir, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Where the libraries are installed: in no commit and no package. */
const FOLDER = resolve(fileURLToPath(new URL("../../.drydock/verifiers", import.meta.url)));
const INSTALL_MS_MAX = 1_200_000;
const VERIFY_MS_MAX = 60_000;

/** The files that a verifier is given. */
export interface Signed {
  readonly envelope: string;
  readonly bundle: string;
  readonly publicKey: string;
  /** A file that the certificate names. */
  readonly report: string;
}

/** A third-party verifier. */
interface Verifier {
  readonly name: string;
  /** Installs it into `FOLDER`. */
  readonly install: () => Promise<void>;
  /** A file that exists once it has been installed. */
  readonly program: string;
  /** The arguments that make it verify. It ends with a code other than 0 if it refuses. */
  readonly argumentsFor: (signed: Signed) => readonly string[];
  readonly cwd?: string;
}

const ours = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const call = (program: string, args: readonly string[], cwd = FOLDER) =>
  run(program, args, { cwd, timeout: INSTALL_MS_MAX, maxBuffer: 64 << 20 });

const PYTHON = join(FOLDER, "python", "bin", "python");
const GO = join(FOLDER, "go");
const NODE = join(FOLDER, "node");

async function installPython(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await call("python3", ["-m", "venv", "python"]);
  await call(PYTHON, ["-m", "pip", "install", "-q", "securesystemslib==1.6.0", "cryptography"]);
}

async function installGo(): Promise<void> {
  await mkdir(GO, { recursive: true });
  await writeFile(join(GO, "go.mod"), "module verifiers\n\ngo 1.26\n");
  await copyFile(ours("verify.go"), join(GO, "main.go"));
  const modules = [
    "github.com/sigstore/sigstore-go@v1.2.2",
    "github.com/secure-systems-lab/go-securesystemslib@v0.11.1",
  ];
  await call("go", ["get", ...modules], GO);
  await call("go", ["mod", "tidy"], GO);
  await call("go", ["build", "-o", "verify", "."], GO);
}

async function installNode(): Promise<void> {
  await mkdir(NODE, { recursive: true });
  await writeFile(join(NODE, "package.json"), '{"private":true}\n');
  await call(
    "npm",
    ["install", "--silent", "--ignore-scripts", "@sigstore/verify@4.1.3", "@sigstore/bundle@5.0.1"],
    NODE,
  );
}

/** Every verifier that must accept our certificates. */
export const VERIFIERS: readonly Verifier[] = [
  {
    name: "securesystemslib (Python)",
    install: installPython,
    program: PYTHON,
    argumentsFor: ({ envelope, publicKey }) => [ours("verify.py"), envelope, publicKey],
  },
  {
    name: "go-securesystemslib",
    install: installGo,
    program: join(GO, "verify"),
    argumentsFor: ({ envelope, publicKey }) => ["envelope", envelope, publicKey],
  },
  {
    name: "sigstore-go, the library of cosign",
    install: installGo,
    program: join(GO, "verify"),
    argumentsFor: ({ bundle, publicKey, report }) => ["bundle", bundle, publicKey, report],
  },
  {
    name: "@sigstore/verify (Node)",
    install: installNode,
    program: join(NODE, "node_modules", "@sigstore", "verify", "package.json"),
    argumentsFor: ({ bundle, publicKey, report }) => [ours("verify.mjs"), bundle, publicKey, report],
    cwd: NODE,
  },
];

/** Whether it has been installed on this machine. */
export async function isInstalled({ program }: Verifier): Promise<boolean> {
  return stat(program).then(
    () => true,
    () => false,
  );
}

/** Whether a verifier accepts the signed content, and its output. A verifier that can't be started is an error. */
export async function accepts(
  verifier: Verifier,
  signed: Signed,
): Promise<{ readonly accepted: boolean; readonly said: string }> {
  const program = verifier.program.endsWith(".json") ? process.execPath : verifier.program;
  try {
    await run(program, verifier.argumentsFor(signed), { cwd: verifier.cwd ?? FOLDER, timeout: VERIFY_MS_MAX });
    return { accepted: true, said: "" };
  } catch (error) {
    if (error instanceof Error && "stderr" in error && "code" in error && typeof error.code === "number")
      return { accepted: false, said: String(error.stderr) };
    throw error;
  }
}
