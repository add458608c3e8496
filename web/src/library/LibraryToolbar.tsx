import { getRouteApi } from "@tanstack/react-router";
import { FolderPlus, Search, Upload, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button, IconButton } from "../controls/Button";
import { Select } from "../controls/Field";
import { verdicts } from "../inspection/verdicts";
import { useKeys } from "../keys/useKeys";
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
      <SearchBox value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
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

/** Typing asks the server only when it pauses. */
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => latest.current(typed.trim()), 180);
    return () => clearTimeout(timer);
  }, [typed, value]);
  useKeys({ search: () => input.current?.focus() });
  return (
    <div className={styles.search} role="search">
      <Search aria-hidden />
      <input
        ref={input}
        type="text"
        aria-label="Search by name"
        placeholder="Search by name"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && (typed ? setTyped("") : input.current?.blur())}
      />
      {typed ? (
        <IconButton label="Clear the search" onClick={() => setTyped("")}>
          <X />
        </IconButton>
      ) : (
        <kbd aria-hidden>/</kbd>
      )}
    </div>
  );
}
