import { useMutation } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { messageOf } from "../api/failure";
import type { JobAction, JobCounts } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Select } from "../controls/Field";
import { SearchBox } from "../controls/SearchBox";
import styles from "./JobsBar.module.css";
import { actionNames, actionWords, looks } from "./looks";
import { actOnJobs } from "./queries";
import { type JobsFilter, jobKinds, jobStates } from "./search";
import { nothing, type Selection } from "./selection";

const route = getRouteApi("/shell/jobs");
const word = (kind: string) => kind.charAt(0).toUpperCase() + kind.slice(1);
const kindOptions = [["", "Any kind"], ...jobKinds.map((kind) => [kind, word(kind)] as const)] as const;

/** Which jobs are listed; all of it stands in the address. */
export function JobsBar({ filter, counts }: { filter: JobsFilter; counts: JobCounts | undefined }) {
  const navigate = route.useNavigate();
  const total = jobStates.reduce((sum, state) => sum + (counts?.[state] ?? 0), 0);
  const change = (part: JobsFilter) => void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  return (
    <header className={styles.bar}>
      <h1 className={styles.title}>Jobs</h1>
      <div className={styles.states} role="group" aria-label="State">
        {[undefined, ...jobStates].map((state) => (
          <Link
            key={state ?? "all"}
            from="/jobs"
            to="/jobs"
            search={(before) => ({ ...before, state })}
            replace
            className={styles.state}
            aria-current={filter.state === state ? "true" : undefined}
            data-testid={`state-${state ?? "all"}`}
          >
            {state ? looks[state].word : "All"}
            <span>{(state ? (counts?.[state] ?? 0) : total).toLocaleString("en")}</span>
          </Link>
        ))}
      </div>
      <Select label="Kind" options={kindOptions} value={filter.kind ?? ""} onChange={(event) => change({ kind: event.target.value || undefined })} />
      <SearchBox label="Find a job" value={filter.text ?? ""} onChange={(text) => change({ text: text || undefined })} />
      {filter.parent && <Button onClick={() => change({ parent: undefined })}>Parts of one job · show all</Button>}
    </header>
  );
}

interface ChosenBarProps {
  filter: JobsFilter;
  selection: Selection;
  total: number;
  onSelect: (selection: Selection) => void;
}

/** What can be done with the chosen rows, in one call for all of them. */
export function ChosenBar({ filter, selection, total, onSelect }: ChosenBarProps) {
  const may = useMay();
  const act = useMutation({
    mutationFn: (action: JobAction) => actOnJobs(action, selection.all ? null : [...selection.ids], filter),
    onSuccess: (answer, action) => {
      const left = answer.items.length - answer.changed;
      const more = answer.more ? " More fit: do it again." : "";
      const why = answer.items.find((item) => item.error)?.error?.message;
      toast(left && !answer.changed ? "bad" : "ok", `${actionWords[action]}: ${answer.changed} changed${left ? `, ${left} left as they are (${why})` : ""}.${more}`);
      onSelect(nothing);
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
  const number = selection.all ? total : selection.ids.size;
  if (!number) return null;
  return (
    <div className={styles.chosen} role="toolbar" aria-label="Chosen jobs" data-testid="chosen">
      <span>{selection.all ? `All ${number.toLocaleString("en")} that fit` : `${number.toLocaleString("en")} chosen`}</span>
      {may.edit &&
        actionNames.map((action) => (
          <Button key={action} look={action === "cancel" ? "danger" : "plain"} disabled={act.isPending} onClick={() => act.mutate(action)}>
            {actionWords[action]}
          </Button>
        ))}
      <Button look="quiet" onClick={() => onSelect(nothing)}>
        Choose none
      </Button>
    </div>
  );
}
