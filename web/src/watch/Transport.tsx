import { Captions, ChevronFirst, ChevronLast, Pause, Play, Repeat, StepBack, StepForward, Volume2, VolumeX } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "../controls/Button";
import type { Player } from "./player";
import styles from "./Transport.module.css";
import { usePlayerState } from "./usePlayback";

interface TransportProps {
  player: Player | null;
  readout: ReactNode;
  marked: boolean;
}

export function Transport({ player, readout, marked }: TransportProps) {
  const state = usePlayerState(player);
  const off = !state?.ready;
  return (
    <div className={styles.bar}>
      {readout}
      <div className={styles.middle} role="group" aria-label="Playback">
        <IconButton keepFocus label="First frame" hint="Home" disabled={off} onClick={() => player?.seek(0)}>
          <ChevronFirst />
        </IconButton>
        <IconButton keepFocus label="One frame back" hint="←" disabled={off} onClick={() => player?.step(-1)}>
          <StepBack />
        </IconButton>
        <IconButton
          keepFocus
          label={state?.playing ? "Pause" : "Play"}
          hint="Space"
          className={styles.play}
          disabled={off}
          onClick={() => player?.toggle()}
          data-testid="play"
        >
          {state?.playing ? <Pause /> : <Play />}
        </IconButton>
        <IconButton keepFocus label="One frame on" hint="→" disabled={off} onClick={() => player?.step(1)}>
          <StepForward />
        </IconButton>
        <IconButton keepFocus label="Last frame" hint="End" disabled={off} onClick={() => player?.seek(player.clock.last)}>
          <ChevronLast />
        </IconButton>
      </div>
      <div className={styles.end}>
        <span className={styles.speed} data-testid="speed">
          {state && Math.abs(state.speed) > 0 && state.speed !== 1 ? `${state.speed}×` : ""}
        </span>
        <IconButton
          keepFocus
          label="Play between the marks, looped"
          hint="Shift Space"
          aria-pressed={state?.looping ?? false}
          disabled={off || !marked}
          onClick={() => (state?.looping ? player?.pause() : player?.playLooped())}
        >
          <Repeat />
        </IconButton>
        {state && state.texts > 0 && (
          <IconButton
            keepFocus
            label={state.text ? `Subtitles: ${state.text}` : "Subtitles"}
            hint="C"
            aria-pressed={state.text !== null}
            onClick={() => player?.nextText()}
            data-testid="subtitles"
          >
            <Captions />
          </IconButton>
        )}
        <IconButton
          keepFocus
          label={state?.muted ? "Sound on" : "Mute"}
          hint="M"
          disabled={!player}
          onClick={() => player?.setMuted(!state?.muted)}
        >
          {state?.muted ? <VolumeX /> : <Volume2 />}
        </IconButton>
        <input
          type="range"
          className={styles.volume}
          aria-label="Volume"
          min={0}
          max={1}
          step={0.05}
          value={state?.muted ? 0 : (state?.volume ?? 1)}
          disabled={!player}
          onChange={(event) => player?.setVolume(Number(event.target.value))}
        />
      </div>
    </div>
  );
}
