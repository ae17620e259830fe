import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Verdict } from "../../conformance/runner/events.ts";

/** Each verdict in a word. */
export const WORDS: Readonly<Record<Verdict, string>> = {
  fail: "Failed",
  unknown: "Unknown",
  warn: "Warned",
  pass: "Passed",
  "not-applicable": "Not applicable",
};

/** Each suite in words. */
export const SUITE_TITLES: Readonly<Record<string, string>> = {
  osb: "Open Service Broker API",
  backup: "Backup and restore",
  isolation: "Tenant isolation",
};

const PATHS: Readonly<Record<Verdict, string>> = {
  fail: "M5 5l6 6M11 5l-6 6",
  unknown: "M6 6.2a2 2 0 1 1 2.9 1.9c-.6.3-.9.7-.9 1.4M8 11.6v.1",
  warn: "M8 4.2v4.6M8 11.6v.1",
  pass: "M4.6 8.4l2.3 2.3 4.6-5",
  "not-applicable": "M5 8h6",
};

/** The verdict as a shape, so that nobody has to tell it by its colour. */
export function Mark({ verdict, large }: { verdict: Verdict; large?: boolean }) {
  return (
    <svg class={`mark ${verdict}${large ? " large" : ""}`} viewBox="0 0 16 16" role="img" aria-label={WORDS[verdict]}>
      <circle cx="8" cy="8" r="8" />
      <path d={PATHS[verdict]} />
    </svg>
  );
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text);
  }
}

/** For browsers that deny the clipboard to pages opened from files. */
function copyBySelection(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

const COPIED_MS = 1_500;

/** A button that copies a text, and says `what` it copied. */
function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  const onClick = async () => {
    await copy(text);
    setCopied(true);
    setTimeout(() => setCopied(false), COPIED_MS);
  };
  return (
    <button type="button" class="copy" onClick={() => void onClick()} aria-label={`Copy ${what}`}>
      <span aria-live="polite">{isCopied ? "Copied" : "Copy"}</span>
    </button>
  );
}

/** A line to paste into a shell, with its copy button. */
export function CommandLine({ line, what }: { line: string; what: string }) {
  return (
    <div class="command">
      <code>{line}</code>
      <CopyButton text={line} what={what} />
    </div>
  );
}

/** A `details` whose contents are drawn when it is first opened, or at once with `eager`. */
export function Fold(props: {
  class: string;
  summary: ComponentChildren;
  children: () => ComponentChildren;
  eager?: boolean;
  open?: boolean;
  id?: string;
}) {
  const [isDrawn, setDrawn] = useState(props.eager === true || props.open === true);
  return (
    <details
      class={props.class}
      id={props.id}
      open={props.open}
      onToggle={(event) => event.currentTarget.open && setDrawn(true)}
    >
      <summary>{props.summary}</summary>
      {isDrawn && props.children()}
    </details>
  );
}
