import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { messageOf } from "../api/failure";
import type { VideoDetail } from "../api/model";
import { toast } from "../app/toasts";
import { Field } from "../controls/Field";
import { changeVideo } from "../library/queries";
import styles from "./Tags.module.css";

/** A video's tags: each leads to the library's videos with it; whoever may edit adds and removes them. */
export function Tags({ video, mayEdit }: { video: VideoDetail; mayEdit: boolean }) {
  const [typed, setTyped] = useState("");
  const client = useQueryClient();
  const changing = useMutation({
    mutationFn: (tags: string[]) => changeVideo(video.id, { tags }),
    onSuccess: (changed) => {
      client.setQueryData(["video", video.id], changed);
      void client.invalidateQueries({ queryKey: ["tags"] });
      setTyped("");
    },
    onError: (error) => toast("bad", messageOf(error)),
  });
  return (
    <>
      {video.tags.length > 0 && (
        <ul className={styles.tags} aria-label="Tags">
          {video.tags.map((tag) => (
            <li key={tag} className={styles.tag}>
              <Link to="/" search={{ tag }}>
                {tag}
              </Link>
              {mayEdit && (
                <button
                  type="button"
                  aria-label={`Remove the tag ${tag}`}
                  disabled={changing.isPending}
                  onClick={() => changing.mutate(video.tags.filter((other) => other !== tag))}
                >
                  ×
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayEdit && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (typed.trim()) changing.mutate([...video.tags, typed.trim()]);
          }}
        >
          <Field
            label="Add a tag"
            value={typed}
            maxLength={40}
            onChange={(event) => setTyped(event.target.value)}
            help="Enter adds it; the search and the library’s filter know it at once."
          />
        </form>
      )}
    </>
  );
}
