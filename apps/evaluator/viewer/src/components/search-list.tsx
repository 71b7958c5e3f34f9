import { formatNumber } from '@dgpo/arc';
import { For, Match, Show, Switch } from 'solid-js';
import type { EpisodeAction, EpisodePassage } from '../../../src/viewer/api.js';
import { countOf } from '../logic/format.js';
import { toWords } from '../logic/labels.js';

/** What the policy did, turn by turn, with what each search returned. */
export function SearchList(props: { actions: readonly EpisodeAction[]; level: 2 | 3; label: string }) {
  return (
    <section class="card" aria-label={props.label}>
      <Show when={props.level === 2} fallback={<h3>Actions and passages</h3>}>
        <h2>Actions and passages</h2>
      </Show>
      <For each={props.actions} fallback={<p class="soft">The policy did nothing that the log knows of.</p>}>
        {(action) => (
          <div class="search">
            <div class="soft small">
              Turn {action.turn + 1}, {toWords(action.kind).toLowerCase()}
              {action.executed ? '' : ', not carried out'}
            </div>
            <div class="query">{writtenIn(action)}</div>
            <Results action={action} />
          </div>
        )}
      </For>
    </section>
  );
}

const writtenIn = (action: EpisodeAction): string =>
  action.query ?? action.answer ?? action.command ?? action.code ?? action.text.trim();

function Results(props: { action: EpisodeAction }) {
  const outputs = () =>
    [props.action.stdout, props.action.value, props.action.error].filter((text) => text !== undefined);
  return (
    <Switch>
      <Match when={props.action.passages}>
        {(passages) => (
          <details open>
            <summary>{countOf(passages().length, 'passage')}</summary>
            <ol class="passages">
              <For each={passages()}>{(passage) => <Passage passage={passage} />}</For>
            </ol>
          </details>
        )}
      </Match>
      <Match when={props.action.kind === 'search' && props.action.executed}>
        <p class="soft small">The log does not hold the passages.</p>
      </Match>
      <Match when={outputs().length > 0}>
        <For each={outputs()}>{(text) => <p class="tokens">{text}</p>}</For>
      </Match>
    </Switch>
  );
}

function Passage(props: { passage: EpisodePassage }) {
  return (
    <li classList={{ 'is-supporting': props.passage.isSupporting }}>
      <div class="top">
        <strong>{props.passage.title === '' ? props.passage.id : props.passage.title}</strong>
        <span class="soft">score {formatNumber(props.passage.score)}</span>
        <Show when={props.passage.isSupporting}>
          <span class="tag">evidence</span>
        </Show>
        <Show when={props.passage.holdsAnswer}>
          <span class="tag">holds the answer</span>
        </Show>
      </div>
      <p class="small">{props.passage.text}</p>
    </li>
  );
}
