import { Link } from "@tanstack/react-router";
import { SearchX, Unplug } from "lucide-react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Notice } from "../controls/Notice";
import styles from "./Broken.module.css";

export function Broken({ error }: { error: unknown }) {
  return (
    <Notice whole icon={<Unplug />} title="This page could not be shown">
      <p role="alert">{messageOf(error)}</p>
      <Button onClick={() => window.location.reload()}>Try again</Button>
    </Notice>
  );
}

export function NotFound() {
  return (
    <Notice whole icon={<SearchX />} title="There is no such page">
      <Link to="/" className={styles.link}>
        Go to the library
      </Link>
    </Notice>
  );
}
