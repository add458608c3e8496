import { getRouteApi } from "@tanstack/react-router";
import { FolderPlus, Upload } from "lucide-react";
import { Button } from "../controls/Button";
import { Select } from "../controls/Field";
import { SearchBox } from "../controls/SearchBox";
import { verdicts } from "../inspection/verdicts";
import styles from "./LibraryToolbar.module.css";
import { fromSortChoice, isFiltered, type LibrarySearch, sortChoice, sortChoices } from "./search";

const route = getRouteApi("/shell/");
const verdictOptions = [["", "Any verdict"], ...Object.entries(verdicts).map(([value, { word }]) => [value, word] as const)] as const;
const proxyOptions = [
  ["", "Any proxy"],
  ["ready", "Ready to play"],
  ["encoding", "Encoding"],
  ["queued", "Queued"],
  ["failed", "Failed"],
  ["none", "None"],
] as const;

interface LibraryToolbarProps {
  search: LibrarySearch;
  total: number | undefined;
  onUpload?: () => void;
  onAddFolder?: () => void;
}

export function LibraryToolbar({ search, total, onUpload, onAddFolder }: LibraryToolbarProps) {
  const navigate = route.useNavigate();
  const change = (part: Partial<LibrarySearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  return (
    <header className={styles.bar}>
      <h1 className={styles.title}>Library</h1>
      <span className={styles.total} data-testid="total" aria-live="polite">
        {total === undefined ? "" : total.toLocaleString("en")}
        <span className="visually-hidden"> videos</span>
      </span>
      <SearchBox label="Search by name" value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
      <Select
        label="Verdict"
        options={verdictOptions}
        value={search.verdict ?? ""}
        onChange={(event) => change({ verdict: (event.target.value || undefined) as LibrarySearch["verdict"] })}
      />
      <Select
        label="Proxy"
        options={proxyOptions}
        value={search.proxy ?? ""}
        onChange={(event) => change({ proxy: (event.target.value || undefined) as LibrarySearch["proxy"] })}
      />
      <Select
        label="Order"
        options={sortChoices}
        value={sortChoice(search)}
        onChange={(event) => change(fromSortChoice(event.target.value))}
      />
      {isFiltered(search) && (
        <Button look="quiet" onClick={() => change({ q: undefined, verdict: undefined, proxy: undefined })}>
          Clear
        </Button>
      )}
      <div className={styles.end}>
        {onAddFolder && (
          <Button look="quiet" icon={<FolderPlus />} onClick={onAddFolder}>
            Add folder
          </Button>
        )}
        {onUpload && (
          <Button look="primary" icon={<Upload />} onClick={onUpload}>
            Upload
          </Button>
        )}
      </div>
    </header>
  );
}
