/** Commands that another call of the same kind continues. */
const continued = ['demo', 'train', 'download'];

/** What the first Ctrl-C says to this command line (without `node` and the script). */
export function interruptNotice([command = '']: readonly string[]): string {
  return continued.includes(command) ? 'Stopping; what is done is kept.' : 'Stopping.';
}
