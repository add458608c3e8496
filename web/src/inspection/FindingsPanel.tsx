import { Info, OctagonX, TriangleAlert } from "lucide-react";
import type { VideoDetail } from "../api/model";
import styles from "./FindingsPanel.module.css";
import { VerdictBadge } from "./VerdictBadge";
import { verdictLook } from "./verdicts";

const severe = /^(fatal|critical|error|high|severe|corrupt)/;
const notable = /^(warn|medium|suspect|major)/;

function toneOf(severity: string): "bad" | "warn" | "info" {
  return severe.test(severity) ? "bad" : notable.test(severity) ? "warn" : "info";
}

const icons = { bad: OctagonX, warn: TriangleAlert, info: Info };

interface FindingsPanelProps {
  video: VideoDetail;
  onSeek: (seconds: number) => void;
}

export function FindingsPanel({ video, onSeek }: FindingsPanelProps) {
  return (
    <div data-testid="findings">
      <div className={styles.verdict}>
        <VerdictBadge verdict={video.verdict} message={video.verdict_message} />
        <p>{video.verdict_message ?? verdictLook(video.verdict).meaning}</p>
      </div>
      <ul>
        {video.findings.map((finding, index) => {
          const tone = toneOf(finding.severity);
          const Icon = icons[tone];
          return (
            <li key={`${finding.code}-${index}`} className={styles.finding}>
              <Icon className={styles[tone]} aria-label={finding.severity} />
              <div>
                <p>{finding.message}</p>
                <p className={styles.where}>
                  <code>{finding.code}</code>
                  <span>{Math.round(finding.confidence * 100)} % sure</span>
                  {finding.byte_offset !== null && <span>byte {finding.byte_offset.toLocaleString("en")}</span>}
                  {finding.start_seconds !== null && (
                    <button type="button" onClick={() => onSeek(finding.start_seconds ?? 0)}>
                      {finding.start_seconds.toFixed(2)} s
                    </button>
                  )}
                </p>
              </div>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
