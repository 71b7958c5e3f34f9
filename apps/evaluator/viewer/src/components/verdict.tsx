/** Right or wrong, in words as well as in colour. */
export function Verdict(props: { correct: boolean }) {
  return (
    <span class="verdict" classList={{ right: props.correct, wrong: !props.correct }}>
      {props.correct ? '✓ right' : '✗ wrong'}
    </span>
  );
}
