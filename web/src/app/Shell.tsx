import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, Outlet } from "@tanstack/react-router";
import { Keyboard, LayoutGrid, ListChecks, ScanSearch, Settings, Upload, WifiOff } from "lucide-react";
import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { jobCountsQuery } from "../jobs/counts";
import { useKeys } from "../keys/useKeys";
import { uploadStore } from "../uploads/store";
import { sessionQuery } from "./queries";
import styles from "./Shell.module.css";
import { Toasts } from "./Toasts";
import { useLive } from "./useLive";

const KeysOverlay = lazy(() => import("../keys/KeysOverlay").then((module) => ({ default: module.KeysOverlay })));

const UploadTray = lazy(() => import("../uploads/UploadTray").then((module) => ({ default: module.UploadTray })));

const places = [
  { to: "/", label: "Library", Icon: LayoutGrid },
  { to: "/upload", label: "Upload", Icon: Upload },
  { to: "/inspect", label: "Inspect", Icon: ScanSearch },
  { to: "/jobs", label: "Jobs", Icon: ListChecks },
  { to: "/settings", label: "Settings", Icon: Settings },
] as const;

export function Shell() {
  const [helping, setHelping] = useState(false);
  const live = useLive();
  const uploading = useSyncExternalStore(uploadStore.subscribe, uploadStore.read).length > 0;
  const session = useQuery(sessionQuery).data;
  useKeys({ help: () => setHelping(true) });
  if (session?.account === null) return <Navigate to="/login" search={{ next: window.location.pathname + window.location.search }} />;
  return (
    <div className={styles.shell}>
      <a href="#main" className={styles.skip}>
        Skip to the page
      </a>
      <Rail onHelp={() => setHelping(true)} live={live} />
      <main id="main" className={styles.main} tabIndex={-1}>
        <Outlet />
      </main>
      {uploading && (
        <Suspense>
          <UploadTray />
        </Suspense>
      )}
      <Toasts />
      {helping && (
        <Suspense>
          <KeysOverlay onClose={() => setHelping(false)} />
        </Suspense>
      )}
    </div>
  );
}

function Rail({ onHelp, live }: { onHelp: () => void; live: boolean }) {
  const counts = useQuery(jobCountsQuery).data;
  const active = (counts?.running ?? 0) + (counts?.queued ?? 0);
  return (
    <nav className={styles.rail} aria-label="Main">
      <Link to="/" className={styles.mark} aria-label="Cutroom">
        <svg viewBox="0 0 32 32" aria-hidden>
          <path d="M12 7H7v18h5" stroke="var(--in)" />
          <path d="M20 7h5v18h-5" stroke="var(--out)" />
          <path d="M16 5v22" stroke="var(--playhead)" strokeWidth="2" />
        </svg>
      </Link>
      {places.map(({ to, label, Icon }) => (
        <Link key={to} to={to} className={styles.place} activeOptions={{ exact: to === "/", includeSearch: false }}>
          <span className={styles.glyph}>
            <Icon aria-hidden />
            {to === "/jobs" && active > 0 && <span className={styles.count}>{active > 999 ? "999+" : active}</span>}
          </span>
          {label}
          {to === "/jobs" && active > 0 && <span className="visually-hidden"> ({active} active)</span>}
        </Link>
      ))}
      <div className={styles.foot}>
        {!live && (
          <span className={styles.lost} role="status" title="Live updates are lost; trying again">
            <WifiOff aria-hidden />
            <span className="visually-hidden">Live updates are lost; trying again</span>
          </span>
        )}
        <button type="button" className={styles.place} onClick={onHelp} title="Keys (?)">
          <Keyboard aria-hidden />
          Keys
        </button>
      </div>
    </nav>
  );
}
