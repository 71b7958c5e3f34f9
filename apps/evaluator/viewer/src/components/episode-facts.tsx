import { formatNumber } from '@dgpo/arc';
import { For, Show } from 'solid-js';
import type { EpisodeReply } from '../../../src/viewer/api.js';
import { endingOf, toWords } from '../logic/labels.js';
import { Verdict } from './verdict.jsx';

/** How an episode came out, and why. */
export function EpisodeFacts(props: { episode: EpisodeReply; label: string }) {
  const row = () => props.episode.row;
  const origin = () =>
    [row().policy, row().stage, row().step === null ? null : `step ${row().step}`, `sample ${row().sample}`]
      .filter((part) => part !== null)
      .join(', ');
  return (
    <section class="card" aria-label={props.label}>
      <dl class="facts">
        <dt>Outcome</dt>
        <dd>
          <Verdict correct={row().correct} /> <span class="soft">reward {formatNumber(row().reward)}</span>
        </dd>
        <Show when={row().cause}>
          {(cause) => (
            <>
              <dt>Cause</dt>
              <dd>{toWords(cause())}</dd>
            </>
          )}
        </Show>
        <dt>Answer</dt>
        <dd>{props.episode.answer ?? <span class="soft">none</span>}</dd>
        <dt>Golden</dt>
        <dd>{props.episode.goldenAnswers.join(' · ') || <span class="soft">none</span>}</dd>
        <dt>Ended</dt>
        <dd>
          {endingOf(row().endedBy)}
          <Show when={props.episode.error}>{(error) => <span class="soft">: {error()}</span>}</Show>
        </dd>
        <dt>From</dt>
        <dd>{origin()}</dd>
        <Show when={props.episode.isGated !== null}>
          <dt>Gate</dt>
          <dd>{props.episode.isGated ? 'guided by the teacher in this update' : 'not guided by the teacher'}</dd>
        </Show>
      </dl>
    </section>
  );
}

/** The measures of an episode that it can tell. */
export function EpisodeMeasures(props: { episode: EpisodeReply }) {
  const known = () => Object.entries(props.episode.measures).filter(([, value]) => value !== null);
  return (
    <Show when={known().length > 0}>
      <details class="card">
        <summary>Measures</summary>
        <dl class="facts">
          <For each={known()}>
            {([name, value]) => (
              <>
                <dt>{toWords(name)}</dt>
                <dd>{formatNumber(value ?? Number.NaN)}</dd>
              </>
            )}
          </For>
        </dl>
      </details>
    </Show>
  );
}
