import { useEffect, useMemo, useState } from "preact/hooks";
import type { TaskRow } from "../feed.ts";
import type { ViewProps } from "./app.tsx";
import { ask } from "./connection.ts";
import { Choice } from "./search.tsx";
import { timeText } from "./time.ts";
import { VirtualList } from "./virtual-list.tsx";

const KINDS = ["event", "debug", "cpi", "result"] as const;
type Kind = (typeof KINDS)[number];

function Output({ token, task }: { token: string; task: TaskRow }) {
  const [kind, setKind] = useState<Kind>("event");
  const [output, setOutput] = useState("");
  useEffect(() => {
    let isWanted = true;
    ask<{ output: string }>(token, "GET", `/tasks/${task.number}?kind=${kind}`).then(
      (answer) => isWanted && setOutput(answer.output),
      (error: unknown) => isWanted && setOutput(String(error)),
    );
    return () => {
      isWanted = false;
    };
  }, [token, task.number, task.state, kind]);
  return (
    <section class="card" aria-label={`Task ${task.number}`}>
      <h3>
        Task {task.number}: {task.name}
      </h3>
      <p>
        {task.state}, {task.type} by {task.user} {task.deployment !== "" && `on ${task.deployment}`}
      </p>
      <Choice label="Output" choices={KINDS} isChosen={(each) => each === kind} onChoose={setKind} />
      <pre tabindex={0} aria-label="Output of the task">
        {output === "" ? "(nothing)" : output}
      </pre>
    </section>
  );
}

/** The director's tasks, with their output as the `bosh` command shows it. */
export function Tasks({ store, token }: ViewProps) {
  const [chosen, setChosen] = useState<string>();
  const tasks = useMemo(
    () => [...store.rows.values()].filter((row) => row.kind === "task").sort((a, b) => b.number - a.number),
    [store.rowsVersion],
  );
  const task = tasks.find(({ id }) => id === chosen) ?? tasks[0];
  return (
    <div class="two">
      <VirtualList
        label="Tasks"
        items={tasks}
        keyOf={({ id }) => id}
        selected={task?.id}
        onSelect={({ id }) => setChosen(id)}
        empty="The director has not had a task yet."
        show={(each) => (
          <>
            <b class={`dot ${each.health}`} aria-hidden="true" />
            <span class="num">{each.number}</span>
            <span>{each.state}</span>
            <span class="grow">
              {each.name} {each.deployment !== "" && `· ${each.deployment}`}
            </span>
            <span class="soft">{each.startedMs === undefined ? "" : timeText(each.startedMs).slice(0, 8)}</span>
          </>
        )}
      />
      {task !== undefined && <Output token={token} task={task} />}
    </div>
  );
}
