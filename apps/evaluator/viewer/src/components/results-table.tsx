import { createMemo, For, Show } from 'solid-js';
import type { Table } from '../../../src/viewer/api.js';
import { formatCell } from '../logic/format-cell.js';
import { orientTable } from '../logic/orient-table.js';

/** A table of results. The first column names its rows. */
export function ResultsTable(props: { table: Table }) {
  const shown = createMemo(() => orientTable(props.table));
  return (
    <div class="card">
      <h3>{props.table.title}</h3>
      <section class="scroll" aria-label={props.table.title} tabindex="0">
        <table>
          <thead>
            <tr>
              <For each={shown().headers}>
                {(header) => (
                  <th scope="col" class={header.isNumeric ? 'number' : undefined}>
                    {header.text === '' ? <span class="hidden-visually">measure</span> : header.text}
                  </th>
                )}
              </For>
            </tr>
          </thead>
          <tbody>
            <For each={shown().rows}>
              {(row) => (
                <tr>
                  <th scope="row">{row.name}</th>
                  <For each={row.cells}>
                    {({ cell, format }) => {
                      const { value, interval } = formatCell(cell, format);
                      return (
                        <td class={format === 'text' ? undefined : 'number'}>
                          {value}
                          <Show when={interval}>
                            <span class="soft small"> {interval}</span>
                          </Show>
                        </td>
                      );
                    }}
                  </For>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </section>
      <For each={props.table.notes}>{(note) => <p class="soft small">{note}</p>}</For>
    </div>
  );
}
