import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { CalendarPlus, ChevronLeft, Plus, ScanSearch } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useMay } from "../app/useSession";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { useKeys } from "../keys/useKeys";
import { DuplicatesView } from "./DuplicatesView";
import styles from "./InspectPage.module.css";
import { LibraryVerdicts } from "./LibraryVerdicts";
import { NewScanDialog } from "./NewScanDialog";
import { scansQuery } from "./queries";
import { ResultDetailPane } from "./ResultDetailPane";
import { ResultsPane } from "./ResultsPane";
import { ScanList } from "./ScanList";
import { SchedulesView } from "./SchedulesView";
import { type InspectSearch, inspectSearch, type View } from "./search";

const route = getRouteApi("/shell/inspect");
const views: readonly (readonly [View, string])[] = [
  ["scans", "Scans"],
  ["schedules", "Schedules"],
  ["duplicates", "Duplicates"],
];

/** Which files are damaged, and where. */
export function InspectPage() {
  const may = useMay();
  const search = inspectSearch(route.useSearch() as Record<string, unknown>);
  useEffect(() => {
    document.title = "Inspect · Cutroom";
  }, []);
  return may.administer ? <Administrator search={search} /> : <LibraryVerdicts search={search} />;
}

function Administrator({ search }: { search: InspectSearch }) {
  const [dialog, setDialog] = useState<"scan" | "schedule" | null>(null);
  const view = search.view ?? "scans";
  useKeys({ newScan: () => setDialog("scan") });
  const scheduling = view === "schedules";
  return (
    <div className={styles.page}>
      <header className={styles.bar}>
        <h1>Inspect</h1>
        <nav className={styles.views} aria-label="Views">
          {views.map(([name, word]) => (
            <Link key={name} to="/inspect" search={name === "scans" ? {} : { view: name }} className={styles.view} activeOptions={{ exact: true }} aria-current={view === name ? "true" : undefined}>
              {word}
            </Link>
          ))}
        </nav>
        <Button look="primary" icon={scheduling ? <CalendarPlus /> : <Plus />} onClick={() => setDialog(scheduling ? "schedule" : "scan")} title={scheduling ? undefined : "New scan (N)"}>
          {scheduling ? "New schedule" : "New scan"}
        </Button>
      </header>
      {view === "duplicates" ? (
        <DuplicatesView />
      ) : scheduling ? (
        <SchedulesView adding={dialog === "schedule"} onAdd={() => setDialog("schedule")} onAdded={() => setDialog(null)} />
      ) : (
        <Scans search={search} onNew={() => setDialog("scan")} />
      )}
      {dialog === "scan" && <NewScanDialog onClose={() => setDialog(null)} />}
    </div>
  );
}

function Scans({ search, onNew }: { search: InspectSearch; onNew: () => void }) {
  const navigate = route.useNavigate();
  const scans = useInfiniteQuery(scansQuery).data;
  const none = scans?.pages[0]?.items.length === 0;
  if (none && !search.scan) return <NoScans onNew={onNew} />;
  const scanId = search.scan ?? "all";
  const close = () => void navigate({ search: (before) => ({ ...before, file: undefined }) });
  return (
    <Panes
      level={search.file ? "file" : search.scan ? "scan" : "list"}
      list={<ScanList selected={scanId} onSelect={(scan) => void navigate({ search: { scan } })} />}
      back={
        <Link to="/inspect" search={{}} className={styles.back}>
          <ChevronLeft aria-hidden />
          Scans
        </Link>
      }
      results={<ResultsPane key={scanId} search={search} scanId={scanId} />}
      detail={search.file ? <ResultDetailPane id={search.file} onClose={close} /> : null}
    />
  );
}

interface PanesProps {
  /** What a narrow screen shows: one pane at a time. */
  level: "list" | "scan" | "file";
  list: ReactNode;
  back: ReactNode;
  results: ReactNode;
  detail: ReactNode;
}

function Panes({ level, list, back, results, detail }: PanesProps) {
  return (
    <div className={styles.panes} data-level={level}>
      {list}
      <div className={styles.middle}>
        {back}
        {results}
      </div>
      {detail}
    </div>
  );
}

function NoScans({ onNew }: { onNew: () => void }) {
  return (
    <Notice icon={<ScanSearch />} title="No folder has been scanned yet">
      <p>
        A scan looks at every video in a folder of the server and says which are damaged, how badly, and where. It changes nothing, and
        may be stopped and resumed at any time.
      </p>
      <Button onClick={onNew}>Scan a folder</Button>
      <p className={styles.aside}>
        On the server’s command line: <code>cutroom inspect PATH</code>
      </p>
    </Notice>
  );
}
