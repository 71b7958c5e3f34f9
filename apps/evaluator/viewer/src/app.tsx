import { createEffect, Match, on, onMount, Switch } from 'solid-js';
import { HelpDialog } from './components/help-dialog.jsx';
import { Empty } from './components/states.jsx';
import { useKeys } from './keys.js';
import { isLive, startListening } from './live.js';
import { type Route, toHash } from './logic/route.js';
import { currentRoute } from './navigation.js';
import { applyTheme, setTheme, type Theme, theme } from './settings.js';
import { CompareView } from './views/compare-view.jsx';
import { EpisodeView } from './views/episode-view.jsx';
import { EpisodesView } from './views/episodes-view.jsx';
import { PairView } from './views/pair-view.jsx';
import { RunView } from './views/run-view.jsx';
import { RunsView } from './views/runs-view.jsx';

const themes: readonly Theme[] = ['system', 'light', 'dark'];

/** Narrows the current route for one view; nothing for the others. */
const routeOf = <Name extends Route['view']>(view: Name): Extract<Route, { view: Name }> | undefined => {
  const route = currentRoute();
  return route.view === view ? (route as Extract<Route, { view: Name }>) : undefined;
};

export function App() {
  let help: HTMLDialogElement | undefined;
  let main: HTMLElement | undefined;
  const openHelp = () => help?.showModal();
  applyTheme();
  onMount(startListening);
  useKeys({
    '?': openHelp,
    '/': () => document.querySelector<HTMLInputElement>('input[type="search"]')?.focus(),
    t: () => setTheme(themes[(themes.indexOf(theme()) + 1) % themes.length] ?? 'system'),
  });
  /** What changes when another page opens, but not while this one is filtered or coloured. */
  const page = () => {
    const route = currentRoute();
    if (route.view === 'episode') return `episode ${route.run} ${route.key}`;
    if (route.view === 'run' || route.view === 'episodes') return `${route.view} ${route.run}`;
    return route.view;
  };
  // A reader of the screen hears where they are; the first page is read by itself.
  createEffect(
    on(
      page,
      () => {
        window.scrollTo(0, 0);
        queueMicrotask(() => {
          if (main?.contains(document.activeElement)) return;
          main?.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
        });
      },
      { defer: true },
    ),
  );
  return (
    <>
      <header class="bar">
        <a
          class="skip"
          href={window.location.hash || '#/'}
          onClick={(event) => {
            event.preventDefault();
            main?.focus();
          }}
        >
          Skip to the content
        </a>
        <a class="brand" href="#/">
          dgpo viewer
        </a>
        <nav aria-label="Main">
          <ul>
            <li>
              <a href="#/" aria-current={currentRoute().view === 'runs' ? 'page' : undefined}>
                Runs
              </a>
            </li>
            <li>
              <a
                href={toHash({ view: 'compare', runs: [] })}
                aria-current={currentRoute().view === 'compare' ? 'page' : undefined}
              >
                Compare
              </a>
            </li>
          </ul>
        </nav>
        <div class="end">
          <span class="live" classList={{ on: isLive() }} role="status">
            <i classList={{ pulse: isLive() }} />
            {isLive() ? 'Live' : 'Not connected'}
          </span>
          <select aria-label="Theme" value={theme()} onChange={(event) => setTheme(event.currentTarget.value as Theme)}>
            <option value="system">System</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
          <button type="button" aria-label="Keys" title="Keys (?)" onClick={openHelp}>
            ?
          </button>
        </div>
      </header>
      <main ref={main} tabindex="-1">
        <Switch
          fallback={
            <Empty title="There is no such page">
              The address names nothing that the viewer shows. <a href="#/">To the runs</a>
            </Empty>
          }
        >
          <Match when={routeOf('runs')}>
            <RunsView />
          </Match>
          <Match when={routeOf('run')}>{(route) => <RunView run={route().run} />}</Match>
          <Match when={routeOf('episodes')}>
            {(route) => <EpisodesView run={route().run} filter={route().filter} />}
          </Match>
          <Match when={routeOf('episode')}>{(route) => <EpisodeView route={route()} />}</Match>
          <Match when={routeOf('compare')}>{(route) => <CompareView runs={route().runs} />}</Match>
          <Match when={routeOf('pair')}>{(route) => <PairView route={route()} />}</Match>
        </Switch>
      </main>
      <HelpDialog
        ref={(dialog) => {
          help = dialog;
        }}
      />
    </>
  );
}
