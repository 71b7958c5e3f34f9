import { type JSX, Match, Show, Switch } from 'solid-js';
import type { Query } from '../query.js';

export function Loading(props: { what: string }) {
  return (
    <div class="notice" role="status">
      <p>Loading {props.what} …</p>
    </div>
  );
}

export function Empty(props: { title: string; children: JSX.Element }) {
  return (
    <div class="notice">
      <h2>{props.title}</h2>
      <p>{props.children}</p>
    </div>
  );
}

export function Failed(props: { error: Error; retry: () => void }) {
  return (
    <div class="notice failed" role="alert">
      <h2>That did not work</h2>
      <p>{props.error.message}</p>
      <button type="button" onClick={() => props.retry()}>
        Try again
      </button>
    </div>
  );
}

/** What a query fetched, or that it is on its way, or why it is not there. A failed renewal keeps what is shown and says so above. */
export function Fetched<T>(props: { query: Query<T>; what: string; children: (data: () => T) => JSX.Element }) {
  return (
    <Switch fallback={<Loading what={props.what} />}>
      <Match when={props.query.data()}>
        {(data) => (
          <>
            <Show when={props.query.error()}>
              {(error) => <Failed error={error()} retry={() => props.query.reload()} />}
            </Show>
            {props.children(data)}
          </>
        )}
      </Match>
      <Match when={props.query.error()}>
        {(error) => <Failed error={error()} retry={() => props.query.reload()} />}
      </Match>
    </Switch>
  );
}
