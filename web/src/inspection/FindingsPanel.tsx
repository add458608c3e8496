import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { VideoDetail } from "../api/model";
import { toast } from "../app/toasts";
import { useMay } from "../app/useSession";
import { DamageMap } from "./DamageMap";
import { FindingList, type ShownFinding } from "./FindingList";
import styles from "./FindingsPanel.module.css";
import { HistoryList } from "./HistoryList";
import { InspectAgain } from "./InspectAgain";
import type { Mode } from "./modes";
import { inspectVideo, videoInspectionsQuery } from "./queries";
import { VerdictBadge } from "./VerdictBadge";
import { verdictLook } from "./verdicts";

interface FindingsPanelProps {
  video: VideoDetail;
  onSeek: (seconds: number) => void;
}

/** The newest verdict on a video of the library, and all before it. */
export function FindingsPanel({ video, onSeek }: FindingsPanelProps) {
  const may = useMay();
  const [selected, setSelected] = useState<ShownFinding | null>(null);
  const inspections = useQuery(videoInspectionsQuery(video.id));
  const asking = useAsking(video.id);
  // The page knows the findings already; their pictures come with the history.
  const findings: ShownFinding[] = inspections.data?.[0]?.findings ?? video.findings.map((finding, index) => ({ ...finding, index, count: 1, picture_url: null }));
  const show = (finding: ShownFinding) => {
    setSelected(finding);
    if (finding.start_seconds !== null) onSeek(finding.start_seconds);
  };
  return (
    <div data-testid="findings">
      <div className={styles.verdict}>
        <VerdictBadge verdict={video.verdict} message={video.verdict_message} />
        <p>{video.verdict_message ?? verdictLook(video.verdict).meaning}</p>
        {may.edit && <InspectAgain pending={asking.isPending || video.verdict === "pending"} onInspect={(mode) => asking.mutate(mode)} />}
      </div>
      {findings.length > 0 && (
        <div className={styles.map}>
          <DamageMap findings={findings} seconds={video.duration?.seconds ?? null} bytes={video.size_bytes} selected={selected} onSelect={show} />
        </div>
      )}
      <FindingList findings={findings} selected={selected?.index ?? null} onSelect={show} />
      {inspections.isError ? (
        <p role="alert" className={styles.problem}>
          {messageOf(inspections.error)}
        </p>
      ) : (
        <HistoryList Heading="h2" history={(inspections.data ?? []).map(({ at, status, mode }) => ({ at, status, mode, scan_id: null }))} />
      )}
    </div>
  );
}

function useAsking(videoId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (mode: Mode) => inspectVideo(videoId, mode),
    onSuccess: () => {
      toast("info", "It is looked at again.", { label: "Jobs", to: "/jobs" });
      return client.invalidateQueries({ queryKey: ["video", videoId] });
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
}
