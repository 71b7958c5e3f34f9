import { createEffect, For, type JSX, Show } from 'solid-js';
import { type Route, toHash } from '../logic/route.js';

export interface Crumb {
  text: string;
  route: Route;
}

/** The heading of a page, with the way to it and what can be done there. It names the document as well. */
export function PageHead(props: { title: string; crumbs?: Crumb[]; note?: string; children?: JSX.Element }) {
  createEffect(() => {
    document.title = `${props.title} · dgpo viewer`;
  });
  return (
    <div class="head">
      <Show when={props.crumbs}>
        {(crumbs) => (
          <nav class="crumbs" aria-label="Breadcrumb">
            <ol>
              <For each={crumbs()}>
                {(crumb) => (
                  <li>
                    <a href={toHash(crumb.route)}>{crumb.text}</a>
                  </li>
                )}
              </For>
            </ol>
          </nav>
        )}
      </Show>
      <h1 tabindex="-1">{props.title}</h1>
      <Show when={props.note}>
        <span class="soft">{props.note}</span>
      </Show>
      <div class="actions">{props.children}</div>
    </div>
  );
}
