import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { FolderPlus, Upload } from "lucide-react";
import type { VideoPage } from "../api/model";
import { Button } from "../controls/Button";
import { Select } from "../controls/Field";
import { SearchBox } from "../controls/SearchBox";
import { verdicts } from "../inspection/verdicts";
import styles from "./LibraryToolbar.module.css";
import { tagsQuery } from "./queries";
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
  found: Pick<VideoPage, "total" | "total_exact" | "corrected"> | undefined;
  onUpload?: () => void;
  onAddFolder?: () => void;
}

export function LibraryToolbar({ search, found, onUpload, onAddFolder }: LibraryToolbarProps) {
  const navigate = route.useNavigate();
  const tags = useQuery(tagsQuery).data?.items ?? [];
  const change = (part: Partial<LibrarySearch>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  return (
    <header className={styles.bar}>
      <h1 className={styles.title}>Library</h1>
      <span className={styles.total} data-testid="total" aria-live="polite">
        {found && `${found.total_exact ? "" : "≈ "}${found.total.toLocaleString("en")}`}
        <span className="visually-hidden"> videos</span>
        {found?.corrected && <> for “{found.corrected}”</>}
      </span>
      <SearchBox label="Search names and tags" value={search.q ?? ""} onChange={(q) => change({ q: q || undefined })} />
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
      {(tags.length > 0 || search.tag) && (
        <Select
          label="Tag"
          options={[["", "Any tag"], ...[...new Set([...tags, ...(search.tag ? [search.tag] : [])])].map((tag) => [tag, tag] as const)]}
          value={search.tag ?? ""}
          onChange={(event) => change({ tag: event.target.value || undefined })}
        />
      )}
      <Select
        label="Order"
        options={sortChoices}
        value={sortChoice(search)}
        onChange={(event) => change(fromSortChoice(event.target.value))}
      />
      {isFiltered(search) && (
        <Button look="quiet" onClick={() => change({ q: undefined, verdict: undefined, proxy: undefined, tag: undefined })}>
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
