import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { FileQuestion } from "lucide-react";
import { messageOf } from "../api/failure";
import type { ResultDetail } from "../api/model";
import { toast } from "../app/toasts";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import { Skeleton } from "../controls/Skeleton";
import { FileDetail } from "./FileDetail";
import styles from "./FileDetail.module.css";
import { InspectAgain } from "./InspectAgain";
import type { Mode } from "./modes";
import { inspectVideo, resultQuery, startScan } from "./queries";

/** The findings of one result. */
export function ResultDetailPane({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useQuery(resultQuery(id));
  if (query.isError) {
    return (
      <aside className={styles.panel} aria-label="Findings">
        <Notice icon={<FileQuestion />} title="This result cannot be shown">
          <p role="alert">{messageOf(query.error)}</p>
          <Button onClick={onClose}>Close</Button>
        </Notice>
      </aside>
    );
  }
  if (!query.data) return <DetailSkeleton />;
  return <FileDetail key={id} file={query.data} onClose={onClose} again={<Again result={query.data} />} />;
}

export function DetailSkeleton() {
  return (
    <aside className={styles.panel} aria-label="Findings" aria-busy>
      <header className={styles.header}>
        <Skeleton style={{ width: "70%", height: 16, margin: "6px 0" }} />
        <Skeleton style={{ width: "90%", height: 12 }} />
        <Skeleton style={{ width: 160, height: 28 }} />
      </header>
      <div className={styles.damage}>
        <Skeleton style={{ height: 36, marginTop: 28 }} />
      </div>
    </aside>
  );
}

/** A video of the library keeps its own history; any other file is scanned by itself. */
function Again({ result }: { result: ResultDetail }) {
  const client = useQueryClient();
  const asking = useMutation({
    mutationFn: async (mode: Mode) => {
      if (result.video_id) return void (await inspectVideo(result.video_id, mode));
      await startScan({ roots: [result.path], mode, rescan: true });
    },
    onSuccess: () => {
      toast("info", `${result.name} is looked at again.`, result.video_id ? { label: "Jobs", to: "/jobs" } : undefined);
      void client.invalidateQueries({ queryKey: ["scans"] });
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
  return <InspectAgain pending={asking.isPending} onInspect={(mode) => asking.mutate(mode)} />;
}
