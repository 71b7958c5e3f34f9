import { For, Show } from 'solid-js';
import type { Problem } from '../../../src/viewer/api.js';
import { countOf } from '../logic/format.js';

/** Lines and files that could not be read. */
export function ProblemList(props: { problems: readonly Problem[]; count: number }) {
  return (
    <Show when={props.count > 0}>
      <details class="card">
        <summary>
          <span class="verdict wrong">{countOf(props.count, 'problem')}</span> while reading, left out
        </summary>
        <ul>
          <For each={props.problems}>
            {(problem) => (
              <li>
                <code>
                  {problem.file}
                  {problem.line === null ? '' : `:${problem.line}`}
                </code>{' '}
                {problem.reason}
              </li>
            )}
          </For>
        </ul>
      </details>
    </Show>
  );
}
