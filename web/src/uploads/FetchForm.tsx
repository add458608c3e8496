import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "../api/failure";
import { Button } from "../controls/Button";
import { Field } from "../controls/Field";
import { fetchUrl } from "./queries";
import styles from "./UploadPage.module.css";

/** The server fetches a file by itself; the job says how far it is. */
export function FetchForm() {
  const [url, setUrl] = useState("");
  const fetching = useMutation({ mutationFn: fetchUrl, onSuccess: () => setUrl("") });
  return (
    <section className={styles.section} aria-label="From an address">
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          fetching.mutate(url.trim());
        }}
      >
        <Field
          label="From an address on the web"
          placeholder="https://example.com/film.mov"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
          problem={fetching.isError ? messageOf(fetching.error) : null}
        />
        <Button type="submit" disabled={!url.trim() || fetching.isPending}>
          Fetch
        </Button>
      </form>
      {fetching.isSuccess && (
        <p className={styles.about} role="status">
          It is on its way: <Link to="/jobs">see the jobs</Link>.
        </p>
      )}
    </section>
  );
}
