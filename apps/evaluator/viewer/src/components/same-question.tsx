import { For, Show } from 'solid-js';
import type { SameQuestionReply } from '../../../src/viewer/api.js';
import { toHash } from '../logic/route.js';
import { createQuery } from '../query.js';
import { Fetched } from './states.jsx';
import { Verdict } from './verdict.jsx';

/** Other episodes on the question: of other runs and checkpoints, samples and steps. */
export function SameQuestion(props: { run: string; episodeKey: string }) {
  const query = createQuery<SameQuestionReply>(
    () => `same-question?${new URLSearchParams({ run: props.run, key: props.episodeKey })}`,
  );
  const own = () => ({ run: props.run, key: props.episodeKey });
  return (
    <section class="card" aria-label="The same question">
      <h2>The same question elsewhere</h2>
      <Fetched query={query} what="other episodes">
        {(data) => (
          <Show when={data().episodes.length > 0} fallback={<p class="soft">Nobody else was asked this.</p>}>
            <div class="scroll">
              <table>
                <thead>
                  <tr>
                    <th scope="col">run</th>
                    <th scope="col">outcome</th>
                    <th scope="col">answer</th>
                    <th scope="col">
                      <span class="hidden-visually">side by side</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  <For each={data().episodes}>
                    {({ run, runName, row }) => (
                      <tr>
                        <th scope="row">
                          <a href={toHash({ view: 'episode', run, key: row.key, channel: null })}>
                            {run === props.run ? 'this run' : runName}
                            {row.step === null ? '' : `, step ${row.step}`}
                            {row.sample === 0 ? '' : `, sample ${row.sample}`}
                          </a>
                        </th>
                        <td>
                          <Verdict correct={row.correct} />
                        </td>
                        <td class="answer">{row.answer ?? '–'}</td>
                        <td>
                          <a
                            href={toHash({ view: 'pair', first: own(), second: { run, key: row.key }, channel: null })}
                          >
                            Side by side
                          </a>
                        </td>
                      </tr>
                    )}
                  </For>
                </tbody>
              </table>
            </div>
          </Show>
        )}
      </Fetched>
    </section>
  );
}
