import { ImageOff } from "lucide-react";
import { type Ref, useEffect, useId, useRef, useState } from "react";
import type { FoundFinding } from "../api/model";
import { Dialog } from "../controls/Dialog";
import { momentOf } from "./damage";
import { Swatch, SwatchFills } from "./DamagePatterns";
import styles from "./FindingList.module.css";
import { severityLook } from "./severity";

/** The worst come first; a file may have hundreds. */
const atOnce = 12;

/** A finding whose severity may be one that this page does not know. */
export type ShownFinding = Omit<FoundFinding, "severity"> & { severity: string };

interface FindingListProps {
  findings: readonly ShownFinding[];
  selected: number | null;
  onSelect: (finding: ShownFinding) => void;
}

/** Every finding with its picture, where there is one, and all that is known of its place. */
export function FindingList({ findings, selected, onSelect }: FindingListProps) {
  const [shown, setShown] = useState<ShownFinding | null>(null);
  const [limit, setLimit] = useState(atOnce);
  const id = useId();
  const current = useRef<HTMLLIElement>(null);
  const pictured = findings.some((finding) => finding.picture_url);
  const place = findings.findIndex((finding) => finding.index === selected);
  const upTo = Math.max(limit, place + 1);
  useEffect(() => {
    if (selected !== null) current.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    <>
      <SwatchFills id={id} />
      <ul className={`${styles.list} ${pictured ? styles.pictured : ""}`} data-testid="finding-list">
        {findings.slice(0, upTo).map((finding) => (
          <FindingRow
            key={finding.index}
            ref={finding.index === selected ? current : undefined}
            finding={finding}
            fills={id}
            selected={finding.index === selected}
            onSelect={() => onSelect(finding)}
            onShow={() => setShown(finding)}
          />
        ))}
      </ul>
      {findings.length > upTo && (
        <button type="button" className={styles.more} onClick={() => setLimit(upTo + atOnce)}>
          Show {Math.min(atOnce, findings.length - upTo)} more of {findings.length.toLocaleString("en")} findings
        </button>
      )}
      {shown?.picture_url && (
        <Dialog title={momentOf(shown) ?? "The damaged moment"} onClose={() => setShown(null)} wide>
          <figure className={styles.large}>
            <img src={shown.picture_url} alt="The damaged moment, as a player shows it" />
            <figcaption>{shown.message}</figcaption>
          </figure>
        </Dialog>
      )}
    </>
  );
}

interface FindingRowProps {
  finding: ShownFinding;
  /** Id of the swatches' fills. */
  fills: string;
  selected: boolean;
  onSelect: () => void;
  onShow: () => void;
  ref?: Ref<HTMLLIElement>;
}

function FindingRow({ finding, fills, selected, onSelect, onShow, ref }: FindingRowProps) {
  const look = severityLook(finding.severity);
  const moment = momentOf(finding);
  return (
    <li ref={ref} className={styles.finding} aria-current={selected || undefined} data-testid="finding" data-code={finding.code}>
      {finding.picture_url && <Picture url={finding.picture_url} moment={moment} onShow={onShow} />}
      <div className={styles.text}>
        <p className={styles.sentence}>{finding.message}</p>
        <p className={styles.facts}>
          <span className={styles[look.tone]} title={look.meaning}>
            <Swatch look={look} id={fills} />
            {look.word}
          </span>
          {moment && (
            <button type="button" onClick={onSelect}>
              {moment}
            </button>
          )}
          {finding.byte_offset !== null && <span>byte {finding.byte_offset.toLocaleString("en")}</span>}
          {finding.stream !== null && <span>stream {finding.stream}</span>}
          {finding.count > 1 && <span>{finding.count.toLocaleString("en")} times</span>}
          <span>{Math.round(finding.confidence * 100)} % sure</span>
          <code>{finding.code}</code>
        </p>
      </div>
    </li>
  );
}

function Picture({ url, moment, onShow }: { url: string; moment: string | null; onShow: () => void }) {
  const [state, setState] = useState<"loading" | "shown" | "missing">("loading");
  if (state === "missing") {
    return (
      <span className={styles.blank} title="No picture of this moment can be decoded">
        <ImageOff aria-label="No picture of this moment can be decoded" />
      </span>
    );
  }
  return (
    <button type="button" className={styles.picture} onClick={onShow} aria-label={`Show the picture${moment ? ` at ${moment}` : ""}`} data-state={state}>
      <img src={url} alt="" loading="lazy" decoding="async" onLoad={() => setState("shown")} onError={() => setState("missing")} />
    </button>
  );
}
