import { For, Show } from 'solid-js';
import type { Table } from '../../../src/viewer/api.js';
import { formatCell } from '../logic/format-cell.js';

/** A table of results. The first column names its rows. */
export function ResultsTable(props: { table: Table }) {
  const formatOf = (index: number) => props.table.columns[index]?.format ?? 'text';
  const classOf = (index: number) => (formatOf(index) === 'text' ? undefined : 'number');
  return (
    <div class="card">
      <h3>{props.table.title}</h3>
      <section class="scroll" aria-label={props.table.title} tabindex="0">
        <table>
          <thead>
            <tr>
              <For each={props.table.columns}>
                {(column, index) => (
                  <th scope="col" class={classOf(index())}>
                    {column.header}
                    {column.format === 'percent' ? ' (%)' : ''}
                  </th>
                )}
              </For>
            </tr>
          </thead>
          <tbody>
            <For each={props.table.rows}>
              {(row) => (
                <tr>
                  <For each={row}>
                    {(cell, index) => {
                      const shown = () => formatCell(cell, formatOf(index()));
                      return (
                        <Show
                          when={index() > 0}
                          fallback={
                            <th scope="row" class={classOf(0)}>
                              {shown().value}
                            </th>
                          }
                        >
                          <td class={classOf(index())}>
                            {shown().value}
                            <Show when={shown().interval}>
                              <span class="soft small"> {shown().interval}</span>
                            </Show>
                          </td>
                        </Show>
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
