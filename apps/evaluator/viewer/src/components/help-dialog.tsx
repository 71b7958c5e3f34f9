import { For } from 'solid-js';
import { hasShortcuts, setShortcuts } from '../settings.js';

const keys: readonly (readonly [readonly string[], string])[] = [
  [['?'], 'these keys'],
  [['/'], 'to the search field'],
  [['t'], 'light, dark or as the system'],
  [['↑', '↓', 'PgUp', 'PgDn', 'Home', 'End'], 'move in the list of episodes'],
  [['Enter'], 'open the episode'],
  [['j', 'k'], 'next and previous episode of the file'],
  [['u'], 'up: from an episode to its list, from there to the run'],
  [['1', '2', '3', '4'], 'colour by mask, log-prob, teacher KL, advantage'],
  [['n'], 'numbers beside the tokens'],
  [['←', '→'], 'from token to token, once the transcript has the focus; Home and End go to the ends'],
];

/** The keys of the viewer. */
export function HelpDialog(props: { ref: (dialog: HTMLDialogElement) => void }) {
  let dialog: HTMLDialogElement | undefined;
  return (
    <dialog
      ref={(element) => {
        dialog = element;
        props.ref(element);
      }}
      aria-labelledby="help-title"
    >
      <div class="top">
        <h2 id="help-title">Keys</h2>
        <button type="button" onClick={() => dialog?.close()}>
          Close
        </button>
      </div>
      <table>
        <thead class="hidden-visually">
          <tr>
            <th scope="col">key</th>
            <th scope="col">what it does</th>
          </tr>
        </thead>
        <tbody>
          <For each={keys}>
            {([names, meaning]) => (
              <tr>
                <td>
                  <For each={names}>{(name) => <kbd>{name}</kbd>}</For>
                </td>
                <td>{meaning}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
      <p>
        <label>
          <input
            type="checkbox"
            checked={hasShortcuts()}
            onChange={(event) => setShortcuts(event.currentTarget.checked)}
          />{' '}
          Single keys act (switch off if you speak to your computer)
        </label>
      </p>
    </dialog>
  );
}
