import { toHash } from '../logic/route.js';

/** The two pages of a run. */
export function RunTabs(props: { run: string; current: 'run' | 'episodes' }) {
  return (
    <nav class="tabs" aria-label="Run">
      <a href={toHash({ view: 'run', run: props.run })} aria-current={props.current === 'run' ? 'page' : undefined}>
        Results
      </a>
      <a
        href={toHash({ view: 'episodes', run: props.run, filter: {} })}
        aria-current={props.current === 'episodes' ? 'page' : undefined}
      >
        Episodes
      </a>
    </nav>
  );
}
